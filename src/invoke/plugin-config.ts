import { decodeUtf8 } from "../base/utf8.ts";
import { CniError, INVALID_CONFIG } from "../spec/errors.ts";
import { anyObject, bool, list, mapOf, mustDecode, struct, text } from "./go/decode.ts";
import type { JsonObject } from "./go/json.ts";
import { parsed } from "./result-read.ts";

/** What a list says of one plugin. */
export interface PluginConfig {
  /** Name of its executable; never "". */
  readonly type: string;
  /** The `name` that the plugin itself carries, as files for single plugins do; "" for none. */
  readonly name: string;
  /** As the plugin itself carries it; "" for none. */
  readonly cniVersion: string;
  /** What it wants the runtime to supply (true), by name. */
  readonly capabilities: Readonly<Record<string, boolean>>;
  /** All of it, as written. */
  readonly config: JsonObject;
}

const texts = list(text, "[]string");

const attachment = struct("types.GCAttachment", { containerID: text, ifname: text });

const pluginConf = struct("types.PluginConf", {
  cniVersion: text,
  name: text,
  type: text,
  capabilities: mapOf(bool, "map[string]bool"),
  ipam: struct("types.IPAM", { type: text }),
  dns: struct("types.DNS", { nameservers: texts, domain: text, search: texts, options: texts }),
  prevResult: anyObject,
  "cni.dev/valid-attachments": list(attachment, "[]types.GCAttachment"),
});

/** @throws CniError 6 for a key of the wrong type, 7 without a `type` */
export function pluginOf(json: unknown): PluginConfig {
  const {
    type = "",
    name = "",
    cniVersion = "",
    capabilities = {},
  } = mustDecode(pluginConf, json, "error parsing configuration") ?? {};
  if (type === "") throw new CniError(INVALID_CONFIG, "error parsing configuration: missing 'type'");
  const wanted = Object.entries(capabilities).map(([capability, is]) => [capability, is === true] as const);
  return { type, name, cniVersion, capabilities: Object.fromEntries(wanted), config: json as JsonObject };
}

/** The same from a file's text. @throws CniError as pluginOf, and 6 for what is no JSON */
export function pluginOfText(bytes: Uint8Array): PluginConfig {
  return pluginOf(parsed(decodeUtf8(bytes), "error parsing configuration"));
}
