/** The zod schemas know the keys that the plugins know, and become JSON Schemas that say what each key is. */
import { describe, expect, test } from "bun:test";
import * as z from "zod";
import type { Schema } from "../../../src/spec/decode.ts";
import { type JsonSchema, partOf } from "./go-reading.ts";
import { READERS } from "./readers.ts";

/** Paths of all keys: "ipam", "ipam.ranges", "ipam.ranges[][].subnet". */
function keysOf(schema: Schema<unknown>, path = ""): string[] {
  if (schema.item) return keysOf(schema.item, `${path}[]`);
  return Object.entries(schema.entries ?? {}).flatMap(([name, member]) => keysAt(join(path, name), member));
}

function keysAt(path: string, member: Schema<unknown>): string[] {
  return [path, ...keysOf(member, path)];
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** The same keys of a JSON Schema, each with its own. */
function described(schema: JsonSchema, path = ""): [string, JsonSchema][] {
  const { items, properties = {} } = partOf(schema);
  if (items) return described(items, `${path}[]`);
  return Object.entries(properties).flatMap(([name, member]) => {
    const at = join(path, name);
    return [[at, member] as [string, JsonSchema], ...described(member, at)];
  });
}

describe.each(Object.entries(READERS))("%s", (_, reader) => {
  const jsonSchema = z.toJSONSchema(reader.schema) as JsonSchema;
  const keys = described(jsonSchema);

  test("has the keys that the plugin reads, and no others", () => {
    const read = new Set(reader.goObjects.flatMap((one) => keysOf(one)));
    expect(keys.map(([path]) => path).sort()).toEqual([...read].sort());
  });

  test.each(keys)("says in a line what %s is", (_, { description = "" }) => {
    expect(description).toMatch(/^\S[^\n]*\.$/);
  });

  test("leaves other keys alone", () => {
    const { error } = reader.schema.safeParse({ ipam: { foreign: 1 }, foreign: [null] });
    expect(error).toBeUndefined();
  });
});
