/** What a schema and its plugin say of a configuration. */
import * as z from "zod";
import { assertVersion } from "../../../src/skel/verbs.ts";
import { readHead } from "../../../src/spec/config.ts";
import { readEnv } from "../../../src/spec/env.ts";
import { CniError, INVALID_CONFIG } from "../../../src/spec/errors.ts";
import { assertLimits } from "../../../src/spec/limits.ts";
import { VERSIONS } from "../../../src/spec/versions.ts";
import type { Json } from "../../support/command.ts";
import { callEnv } from "../../support/plugin-fake.ts";
import { asGoReads, type JsonSchema } from "./go-reading.ts";
import type { Reader } from "./reader.ts";

/** Why `reader` refuses `conf`, as skel asks it; undefined when it does not. */
export function refusalOf(reader: Reader, conf: Json): CniError | undefined {
  try {
    const stdin = JSON.stringify(conf);
    const { config, name, cniVersion } = readHead(stdin);
    assertVersion("ADD", cniVersion, VERSIONS);
    assertLimits(name, "c1");
    const env = readEnv(callEnv("ADD"), []);
    reader.read({ env, stdin, config, name, version: cniVersion, delegates: [], warn: () => {} });
    return undefined;
  } catch (error) {
    if (error instanceof CniError) return error;
    throw error;
  }
}

/**
 * Whether the schema refuses `conf`, which names the network, where the plugin does not, or the plugin where the schema does
 * not, and no exception says so: in words. Else whether both take it.
 */
export function verdict(
  { reader, jsonSchema }: { reader: Reader; jsonSchema: JsonSchema },
  conf: Json,
): string | boolean {
  const read = asGoReads(conf, jsonSchema);
  const { error } = reader.schema.safeParse(read);
  const refusal = refusalOf(reader, conf);
  if (error && !refusal && !isUnread(reader, error, read))
    return `only the schema refuses it: ${z.prettifyError(error)}`;
  if (refusal && !error && !isExcepted(reader, refusal)) return `only the plugin refuses it: ${refusal.text}`;
  return !error && !refusal;
}

function isExcepted(reader: Reader, { code, message }: CniError): boolean {
  return code === INVALID_CONFIG && reader.refused.some((one) => one.message.test(message));
}

/** Whether all that the schema has against `conf` is what the plugin does not look at. */
function isUnread(reader: Reader, { issues }: z.ZodError, conf: Json): boolean {
  const excused = (path: string) => reader.unread.some((one) => isKey(path, one.key) && one.passes(conf));
  return issues.every(({ path }) => excused(path.join(".")));
}

export function isKey(path: string, key: string | RegExp): boolean {
  return typeof key === "string" ? path === key : key.test(path);
}
