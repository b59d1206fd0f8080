/** Calling one plugin: finding it, its environment, and what its answer means. */
import { CniError, DECODING_FAILURE, INVALID_CONFIG } from "../spec/errors.ts";
import { CURRENT } from "../spec/versions.ts";
import type { Attachment, Setting } from "./attachment.ts";
import { decodeAs, list, mustDecode, struct, text, uint } from "./go/decode.ts";
import { encodeJson, type JsonObject, parseJson, typeOfJson } from "./go/json.ts";
import { join } from "./go/path.ts";
import { quoteGo } from "./go/quote.ts";
import { ask, type PluginCall, type PluginOutcome, type Steps, type Verb } from "./request.ts";
import type { NetworkResult } from "./result.ts";
import { parsed, resultOf, versionOf } from "./result-read.ts";

/** What a call of a verb that is about no attachment has in its environment. */
export const NO_ATTACHMENT: Attachment = { containerId: "", netns: "", ifname: "" };

/** The executable of a plugin: the first regular file of its name. @throws CniError 7 when there is none */
export function* findPlugin(plugin: string, path: readonly string[]): Steps<string> {
  if (plugin === "") throw new CniError(INVALID_CONFIG, "no plugin name provided");
  if (plugin.includes("/")) throw new CniError(INVALID_CONFIG, `invalid plugin name: ${plugin}`);
  if (path.length === 0) throw new CniError(INVALID_CONFIG, "no paths provided");
  const candidates = path.map((directory) => join(directory, plugin));
  const found = yield* ask({ do: "find", plugin, candidates });
  if (found !== undefined) return found;
  throw new CniError(INVALID_CONFIG, `failed to find plugin ${quoteGo(plugin)} in path [${path.join(" ")}]`);
}

/** The environment of a call, over the caller's own. */
export function variablesOf(verb: Verb, { containerId, netns, ifname, args = [] }: Attachment, setting: Setting) {
  return [
    ["CNI_COMMAND", verb],
    ["CNI_CONTAINERID", containerId],
    ["CNI_NETNS", netns],
    ["CNI_ARGS", args.map(([key, value]) => `${key}=${value}`).join(";")],
    ["CNI_IFNAME", ifname],
    ["CNI_PATH", setting.path.join(":")],
    ...(setting.variables ?? []),
  ] as const;
}

/** Runs a plugin and gives its stdout. @throws CniError its own, or one that says how it ended */
export function* execPlugin(call: PluginCall): Steps<string> {
  const outcome = yield* ask({ do: "exec", call });
  if (outcome.ending === undefined) return outcome.stdout;
  throw errorOf(outcome, outcome.ending);
}

const pluginError = struct("types.Error", { code: uint, msg: text, details: text });

function errorOf({ stdout, stderr, cause }: PluginOutcome, ending: string): CniError {
  if (stdout === "") {
    const words = stderr === "" ? "netplugin failed with no error message" : `netplugin failed: ${quoteGo(stderr)}`;
    return new CniError(0, `${words}: ${ending}`, "", cause);
  }
  const garbled = (error: Error, details = "", code = 0) => {
    const words = `netplugin failed but error parsing its diagnostic message ${quoteGo(stdout)}: ${error.message}`;
    return new CniError(code, words, details, error);
  };
  try {
    const { value: { code = 0, msg = "", details = "" } = {}, error } = decodeAs(pluginError, parseJson(stdout));
    return error === undefined ? new CniError(code, msg, details) : garbled(error, details, code);
  } catch (error) {
    return garbled(error as Error);
  }
}

/** What an ADD printed. A result that says no version is of that of the request. @throws CniError 1 or 6 */
export function resultOfOutput(stdout: string, stdin: string): NetworkResult {
  const version = versionOf(parseJson(stdin));
  const raw = parsed(stdout, "failed to unmarshal raw result");
  if (raw !== null && typeOfJson(raw) !== "map[string]interface {}") throw noResult(raw);
  const said = (raw as JsonObject | null)?.cniVersion;
  if (typeof said === "string" && said !== "") return resultOf(said, raw);
  // Sorted, as libcni encodes it anew: of two names that differ in their case the later one wins.
  return resultOf(version, parseJson(encodeJson({ ...(raw as JsonObject | null), cniVersion: version })));
}

function noResult(raw: unknown): CniError {
  const found = Array.isArray(raw) ? "array" : typeof raw === "boolean" ? "bool" : typeof raw;
  const words = `cannot unmarshal ${found} into Go value of type map[string]interface {}`;
  return new CniError(DECODING_FAILURE, `failed to unmarshal raw result: json: ${words}`);
}

const versionReply = struct("version.pluginInfo", {
  cniVersion: text,
  supportedVersions: list(text, "[]string"),
});

/** What older plugins' code wants to see before it answers VERSION. */
const DUMMY: Attachment = { containerId: "", netns: "dummy", ifname: "dummy" };

/** The versions that the plugin at `path` supports; one that knows no VERSION supports 0.1.0. @throws CniError */
export function* versionsOf(plugin: string, path: string, setting: Setting): Steps<string[]> {
  const variables = variablesOf("VERSION", DUMMY, { ...setting, path: ["dummy"] });
  const stdin = `{"cniVersion":"${CURRENT}"}`;
  try {
    const reply = yield* execPlugin({ path, plugin, verb: "VERSION", variables, stdin });
    return versionsOfReply(reply);
  } catch (error) {
    if (error instanceof CniError && error.text === "unknown CNI_COMMAND: VERSION") return ["0.1.0"];
    throw error;
  }
}

function versionsOfReply(reply: string): string[] {
  const context = "decoding version info";
  const { cniVersion = "", supportedVersions = [] } = mustDecode(versionReply, parsed(reply, context), context) ?? {};
  if (cniVersion === "") throw new CniError(DECODING_FAILURE, `${context}: missing field cniVersion`);
  if (supportedVersions.length > 0) return supportedVersions.map((version) => version ?? "");
  if (cniVersion === "0.2.0") return ["0.1.0", "0.2.0"];
  throw new CniError(DECODING_FAILURE, `${context}: missing field supportedVersions`);
}
