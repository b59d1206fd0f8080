import type * as z from "zod";
import type { ObjectRecord } from "../store/records.ts";
import { passedOver } from "./passed-over.ts";
import { serviceRecord, serviceSchema } from "./service.ts";
import { sliceRecord, sliceSchema } from "./slice.ts";

/** What documents in Kubernetes' shapes say: `kubectl get service,endpointslice -o json` among them. */

export interface Reading {
  readonly records: readonly ObjectRecord[];
  /** What is wrong, a line each: where it is, which object, which path in it, the value, and what was expected. */
  readonly problems: readonly string[];
}

/**
 * Reads one document: an object, or a list of them; what passed-over.ts passes over is not there. `where` is where it comes from, for
 * messages. Throws nothing.
 */
export function readDocument(document: unknown, where: string): Reading {
  const reading = { records: [], problems: [] };
  readInto(reading, document, where, undefined);
  return reading;
}

interface Growing {
  readonly records: ObjectRecord[];
  readonly problems: string[];
}

function readInto(into: Growing, value: unknown, where: string, implied: string | undefined): void {
  if (!isObject(value)) {
    into.problems.push(`${where}: ${shown(value)}: expected an object, as kubectl get -o json gives it`);
    return;
  }
  const kind = value.kind ?? implied;
  if (passedOver(kind, value) !== undefined) return;
  if (kind === "Service") readOne(into, serviceSchema, serviceRecord, value, where, kind);
  else if (kind === "EndpointSlice") readOne(into, sliceSchema, sliceRecord, value, where, kind);
  else readList(into, value, where, kind);
}

function readList(into: Growing, value: Record<string, unknown>, where: string, kind: unknown): void {
  if (typeof kind !== "string" || !LISTS.has(kind)) {
    into.problems.push(`${where}: kind: ${shown(kind)}: expected Service, EndpointSlice or a List of them`);
    return;
  }
  if (!Array.isArray(value.items)) {
    into.problems.push(`${where}: ${kind}: items: ${shown(value.items)}: expected a list`);
    return;
  }
  // The API leaves the kind out of what is in a list of one kind.
  const implied = LISTS.get(kind);
  for (const [i, item] of value.items.entries()) readInto(into, item, `${where}: items[${i}]`, implied);
}

/** The kinds of lists, with that of what is in them where they say it. */
const LISTS: ReadonlyMap<string, string | undefined> = new Map([
  ["List", undefined],
  ["ServiceList", "Service"],
  ["EndpointSliceList", "EndpointSlice"],
]);

function readOne<S extends z.ZodType>(
  { records, problems }: Growing,
  schema: S,
  record: (value: z.output<S>) => ObjectRecord,
  value: Record<string, unknown>,
  where: string,
  kind: string,
): void {
  const read = schema.safeParse(value);
  if (read.success) {
    records.push(record(read.data));
    return;
  }
  const name = nameOf(value);
  for (const { path, message } of read.error.issues) {
    problems.push(`${where}: ${kind}${name}: ${pathText(path)}: ${shown(valueAt(value, path))}: ${message}`);
  }
}

function nameOf({ metadata }: Record<string, unknown>): string {
  if (!isObject(metadata) || typeof metadata.name !== "string") return "";
  return ` ${typeof metadata.namespace === "string" ? metadata.namespace : "default"}/${metadata.name}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `spec.ports[0].port`. */
export function pathText(path: readonly PropertyKey[]): string {
  const parts = path.map((part) =>
    /^[a-z]\w*$/i.test(String(part)) ? `.${String(part)}` : `[${JSON.stringify(part)}]`,
  );
  return parts.join("").replace(/^\./, "");
}

export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], value);
}

const SHOWN = 60;

/** A value as JSON, cut where it is long; "absent" where there is none. */
export function shown(value: unknown): string {
  if (value === undefined) return "absent";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
