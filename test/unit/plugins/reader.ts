/** What the property test of the schemas knows of a plugin. */
import type * as z from "zod";
import type { Schema } from "../../../src/spec/decode.ts";
import type { Call } from "../../../src/spec/plugin.ts";
import type { Values } from "../../differential/values.ts";
import type { Json } from "../../support/command.ts";

/** What the schema and the plugin say differently, both with their reason. */
interface Exception {
  readonly why: string;
  /** The smallest case. */
  readonly example: object;
}

export interface Reader {
  readonly schema: z.ZodType;
  readonly goObjects: readonly Schema<unknown>[];
  /** Reads a call's configuration as an ADD does, and what other verbs read besides. @throws CniError */
  read(call: Call): void;
  /** A configuration with every key, and generated ones. */
  readonly full: Json;
  readonly generated: Values;
  /** The plugin refuses, with code 7, and the schema does not: what keys or ranges may not be together. */
  readonly refused: readonly (Exception & { readonly message: RegExp })[];
  /** The schema refuses, and the plugin does not: what it does not look at. */
  readonly unread: readonly (Exception & { readonly key: string | RegExp; passes(conf: Json): boolean })[];
}
