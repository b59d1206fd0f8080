import { passedOver } from "../schema/passed-over.ts";
import { readDocument } from "../schema/read.ts";
import { LABELLED, label } from "../schema/values.ts";
import { parseDocuments } from "../sources/read-file.ts";
import type { ObjectRecord } from "../store/records.ts";
import { namesOf } from "./tables.ts";

/** What is to be applied, object by object. Pure. */

export interface Applying {
  /** The file's name, for messages. */
  readonly from: string;
  /** Of objects that say none; "": default. */
  readonly namespace: string;
}

export interface Item {
  readonly kind: ObjectRecord["kind"];
  readonly key: string;
  /** Its name in the directory, and what it has. */
  readonly file: string;
  readonly text: string;
}

type KubeObject = Record<string, unknown> & { readonly metadata: Record<string, unknown> };

/** The objects of a document that has been read without a problem. In lists of one kind they do not say which. */
function objectsIn(document: unknown): KubeObject[] {
  const { kind, apiVersion, items } = document as { kind: string; apiVersion?: string; items?: unknown[] };
  if (!Array.isArray(items)) return [document as KubeObject];
  const implied = kind === "List" ? {} : { ...(apiVersion !== undefined && { apiVersion }), kind: kind.slice(0, -4) };
  return items.flatMap((item) => objectsIn({ ...implied, ...(item as object) }));
}

/**
 * The objects of a text, checked as the source checks them; none where one of them is wrong. `left` says, a line each, which of them it
 * passes over, and which services lack an address that Kubernetes would find for them.
 */
export function itemsOf(text: string, { from, namespace }: Applying): [Item[], problems: string[], left: string[]] {
  const [documents, wrong] = parseDocuments(text, from);
  const read = [...wrong, ...documents.flatMap((document) => readDocument(document, from).problems)];
  if (read.length > 0) return [[], read, []];
  const objects = documents.flatMap(objectsIn);
  const why = (object: KubeObject) => {
    const reason = passedOver(object.kind, object);
    return reason && `${object.kind} ${object.metadata.name} is passed over: ${reason}`;
  };
  const [items, problems] = namedItems(
    objects.filter((object) => why(object) === undefined),
    from,
    namespace,
  );
  const left = objects.flatMap((object) => why(object) ?? withoutAddress(object) ?? []);
  return [items, problems, left];
}

/** What is wrong with nothing, and still leads nobody to its own address: it has none, and does not say that it wants none. */
function withoutAddress({ kind, metadata, spec }: KubeObject): string | undefined {
  if (kind !== "Service") return undefined;
  const { type, clusterIP, clusterIPs } = spec as Partial<Record<string, unknown>>;
  if (type === "ExternalName" || clusterIP || (Array.isArray(clusterIPs) && clusterIPs.length > 0)) return undefined;
  return `Service ${metadata.name} has no address of its own: say one in spec.clusterIP, or None`;
}

function namedItems(objects: readonly KubeObject[], from: string, namespace: string): [Item[], problems: string[]] {
  const items = new Map<string, Item>();
  const problems: string[] = [];
  for (const object of objects) {
    const [item, problem] = itemOf(object, namespace);
    if (problem !== undefined) problems.push(`${from}: ${problem}`);
    else if (items.has(item.file)) problems.push(`${from}: ${nameOf(item)} is there twice`);
    else items.set(item.file, item);
  }
  return [[...items.values()], problems];
}

/** What a file system takes (NAME_MAX of limits.h), but what is put around it until it is there. */
const FILE_MAX = 255 - "..new".length;

function itemOf(object: KubeObject, namespace: string): [Item, undefined] | [undefined, string] {
  const { metadata } = object;
  const own = typeof metadata.namespace === "string" ? metadata.namespace : "";
  const name = String(metadata.name);
  if (own !== "" && namespace !== "" && own !== namespace)
    return [undefined, `metadata.namespace: ${JSON.stringify(own)}: --namespace says ${namespace}`];
  const where = own || namespace || "default";
  // What objects have themselves has been checked.
  if (!label.safeParse(where).success) return [undefined, `--namespace: ${JSON.stringify(where)}: ${LABELLED}`];
  const value = { ...object, metadata: { ...metadata, namespace: where } };
  const kind = object.kind === "Service" ? "service" : "slice";
  const key = `${where}/${name}`;
  const file = fileOf(kind, key);
  if (file.length > FILE_MAX)
    return [undefined, `metadata.name: ${JSON.stringify(name)}: too long to be part of a file's`];
  return [{ kind, key, file, text: `${JSON.stringify(value, undefined, 2)}\n` }, undefined];
}

export const nameOf = ({ kind, key }: Pick<Item, "kind" | "key">): string => `${kind} ${key}`;

/** The file of an object. A namespace has no dot, so no two have the same. */
export function fileOf(kind: ObjectRecord["kind"], key: string): string {
  return `applied.${kind}.${namesOf(key).join(".")}.json`;
}
