/** Configurations, read as Go reads names and null. */
import type { Json } from "../../support/command.ts";

/** What of a JSON Schema is looked at here. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Record<string, JsonSchema>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** `schema`, or of a nullable one the part that is not null. */
export function partOf(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find(({ type }) => type !== "null") ?? schema;
}

/**
 * `value` as Go takes it, for a reader that knows names in one case only: known names in their own case, of two that are
 * the same the later, and without the known ones that are null. Null in a list of texts is the empty one, in a map of booleans
 * false.
 */
export function asGoReads(value: Json, schema: JsonSchema): Json {
  const { properties, items, additionalProperties } = partOf(schema);
  if (Array.isArray(value)) return items ? value.map((item) => itemOf(item, items)) : value;
  if (typeof value !== "object" || value === null) return value;
  if (additionalProperties?.type === "boolean") {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, one ?? false]));
  }
  if (!properties) return value;
  const names = new Map(Object.keys(properties).map((name) => [name.toLowerCase(), name]));
  const read: Json = {};
  for (const [written, member] of Object.entries(value)) {
    const name = names.get(written.toLowerCase());
    if (name === undefined) read[written] = member;
    else if (member !== null) read[name] = asGoReads(member, properties[name] as JsonSchema);
  }
  return read;
}

function itemOf(item: Json, schema: JsonSchema): Json {
  return item === null && schema.type === "string" ? "" : asGoReads(item, schema);
}
