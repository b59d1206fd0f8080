/** JSON Schemas (draft 2020-12) of configurations, for editors: src/tool/schemas.ts, and which part of it an object's `type` asks for. */
import * as z from "zod";
import { REGISTRY } from "../registry.ts";
import { listSchema, type PluginName, SCHEMAS } from "./schemas.ts";

export type JsonSchema = { [key: string]: unknown };

/** What there is a schema of: each plugin, and lists. */
export const SUBJECTS = [...(Object.keys(SCHEMAS) as PluginName[]), "list"] as const;

export type Subject = (typeof SUBJECTS)[number];

/** The file in which an editor finds it: "bridge.schema.json". */
export const fileOf = (subject: Subject): string => `${subject}.schema.json`;

/** Of lists, or of a plugin's configuration with the keys of its IPAM plugin. It refers to nothing outside of itself. */
export function jsonSchemaOf(subject: Subject): JsonSchema {
  const parts: Parts = {};
  const own = subject === "list" ? ofLists(parts) : ofPlugin(subject, parts);
  const title = subject === "list" ? "CNI network configuration list" : `CNI configuration of the plugin ${subject}`;
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title, ...own, $defs: parts };
}

/** What `$ref` leads to, by name: plugins' configurations, and the texts of spec/schema.ts. */
type Parts = { [name: string]: JsonSchema };

const IPAM = REGISTRY.filter(({ kind }) => kind === "ipam").map(({ name }) => name);

function ofPlugin(name: PluginName, parts: Parts): JsonSchema {
  const own = converted(SCHEMAS[name], parts);
  return IPAM.some((ipam) => ipam === name) ? own : { ...own, allOf: ofDelegates(parts) };
}

/** A plugin of a list is asked what its type says; of others' plugins nothing is known but their IPAM plugin. */
function ofLists(parts: Parts): JsonSchema {
  const own = converted(listSchema, parts);
  const { plugins } = own.properties as { plugins: { items: JsonSchema } };
  const rules = REGISTRY.filter(({ kind }) => kind !== "ipam").map(({ name }) => {
    parts[name] = converted(SCHEMAS[name], parts);
    return rule(typed(name), name);
  });
  plugins.items.allOf = [...rules, ...ofDelegates(parts)];
  return own;
}

/** The keys that an IPAM plugin reads of the configuration of the one above it. */
function ofDelegates(parts: Parts): JsonSchema[] {
  const rules = IPAM.map((name) => {
    parts[name] = converted(SCHEMAS[name], parts);
    return rule({ properties: { ipam: typed(name) }, required: ["ipam"] }, name);
  });
  return [{ properties: { ipam: { properties: { type: { examples: IPAM } } } } }, ...rules];
}

/** An object whose type is this plugin's name, or one that a project gives it (pluginNamed of spec/plugin.ts). */
const typed = (name: string): JsonSchema => ({
  properties: { type: { pattern: `(^|-)${name}$` } },
  required: ["type"],
});

const rule = (when: JsonSchema, part: string): JsonSchema => ({
  if: when,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { $ref: `#/$defs/${part}` },
});

/** A zod schema as a JSON Schema; what has an id goes to `parts`. */
function converted(schema: z.ZodObject, parts: Parts): JsonSchema {
  const { $schema, $defs = {}, ...own } = z.toJSONSchema(schema, { override: ({ jsonSchema }) => lean(jsonSchema) });
  for (const [name, { id, ...part }] of Object.entries($defs as Parts)) parts[name] = part;
  return own;
}

/** Takes out what says nothing: that integers are safe in JavaScript, and that other keys may be anything. */
function lean(schema: JsonSchema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (JSON.stringify(schema.additionalProperties) === "{}") delete schema.additionalProperties;
}
