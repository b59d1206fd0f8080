/**
 * `berth/cni`: calling CNI plugins from TypeScript, as containerd, CRI-O and podman do by libcni. For Node 20 and later, and
 * Bun. What plugins are sent, what they find in their environment, and the result cache are libcni v1.3.1's, byte for byte,
 * so that a program and a runtime can mean the same attachments.
 *
 *     const list = await loadNetworkList({ name: "lab" });
 *     const result = await addNetworkList(list, { containerId: "c1", netns: "/run/netns/c1", ifname: "eth0" });
 *
 * What a plugin or a list is to blame for is a CniError: `code` (of the spec, 100 and more a plugin's own; 0 where nobody
 * said one), `details`, and `text`, both together, as libcni words it. A PluginFailure names the `plugin` and the `verb`.
 * What the caller is to blame for is a TypeError that names the argument.
 */
import { addList } from "../../invoke/add.ts";
import type { Attachment } from "../../invoke/attachment.ts";
import { type CachedAttachment, cachedAttachments, cachedResult } from "../../invoke/cache.ts";
import { checkList } from "../../invoke/check.ts";
import { delList } from "../../invoke/del.ts";
import { driveAsync } from "../../invoke/drive.ts";
import { gcList, type ValidAttachment } from "../../invoke/gc.ts";
import { listOfText, type NetworkList } from "../../invoke/list.ts";
import { loadFile, loadNamed } from "../../invoke/load.ts";
import type { Steps } from "../../invoke/request.ts";
import type { NetworkResult } from "../../invoke/result.ts";
import { statusOfList } from "../../invoke/status.ts";
import { validateList } from "../../invoke/validate.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import { machineHost } from "./host.ts";
import { assertText, type CallOptions, settingOf, shown } from "./options.ts";

export type { Attachment } from "../../invoke/attachment.ts";
export type { CachedAttachment } from "../../invoke/cache.ts";
export { Failures, PluginFailure } from "../../invoke/failure.ts";
export type { ValidAttachment } from "../../invoke/gc.ts";
export type { NetworkList } from "../../invoke/list.ts";
export type { PluginConfig } from "../../invoke/plugin-config.ts";
export type { Answers, AsyncHost, PluginCall, PluginOutcome, Request, RequestOf, Verb } from "../../invoke/request.ts";
export type {
  NetworkResult,
  Result020,
  Result020Ip,
  Result040,
  Result040Interface,
  Result040Ip,
  Result100,
  Result100Interface,
  Result100Ip,
  ResultDns,
  ResultRoute,
} from "../../invoke/result.ts";
export { CniError } from "../../spec/errors.ts";
export type { CallOptions, Trace } from "./options.ts";

/**
 * Where a list comes from: the first of the `name` in a `directory` (default: /etc/cni/net.d), a `file`, its `text`, or its
 * `config` as an object.
 */
export type ListSource =
  | { readonly name: string; readonly directory?: string }
  | { readonly file: string }
  | { readonly text: string | Uint8Array }
  | { readonly config: object };

export interface AddOptions extends CallOptions {
  /**
   * Whether an ADD that fails is taken back: DEL of the plugins that were called, the last first. libcni leaves that to its
   * callers; false is as libcni. Default: true.
   */
  readonly rollback?: boolean | undefined;
}

/**
 * Reads a network list and chooses the highest of its `cniVersions` that is known.
 * @throws CniError 5 for what cannot be read, 6 or 7 for what is no list, has no plugins, or is not there
 */
export async function loadNetworkList(source: ListSource, options: CallOptions = {}): Promise<NetworkList> {
  if ("name" in source) {
    const { name, directory = "/etc/cni/net.d" } = source;
    assertText(name, "source.name");
    assertText(directory, "source.directory");
    return perform(loadNamed(directory, name), options);
  }
  if ("file" in source) {
    assertText(source.file, "source.file");
    return perform(loadFile(source.file), options);
  }
  const list = listOfText("text" in source ? source.text : JSON.stringify(source.config));
  if (list.plugins.length === 0) throw new CniError(INVALID_CONFIG, "no plugin configs found");
  return list;
}

/**
 * Calls the plugins of a list with ADD, in order, and caches the result, which is the last one's, in the version that it
 * says. Nothing may be added twice under one container ID and interface name without a DEL between.
 * @throws PluginFailure of the first that fails; nothing is cached then
 * @throws CniError 5 when the result cannot be cached
 */
export async function addNetworkList(
  list: NetworkList,
  attachment: Attachment,
  { rollback = true, ...options }: AddOptions = {},
): Promise<NetworkResult> {
  assertAttachment(attachment);
  const result = await perform(addList(list, attachment, settingOf(options), { rollback }), options);
  if (result === undefined) throw new CniError(INVALID_CONFIG, "no plugin configs found");
  return result;
}

/**
 * Calls the plugins of a list with CHECK, in order, with the cached result. Returns at once where the list has disableCheck.
 * @throws PluginFailure of the first that finds something wrong
 * @throws CniError 1 for a list of a version before 0.4.0; 1 or 6 for a cached result that is damaged
 */
export async function checkNetworkList(
  list: NetworkList,
  attachment: Attachment,
  options: CallOptions = {},
): Promise<void> {
  assertAttachment(attachment);
  await perform(checkList(list, attachment, settingOf(options)), options);
}

/**
 * Calls the plugins of a list with DEL, the last first, with the cached result if there is one, and forgets that. May be
 * repeated, and called for what was never added; `netns` is "" where it is gone.
 * @throws PluginFailure of the first that fails; those before it in the list are not called, and the cache keeps the result
 */
export async function delNetworkList(
  list: NetworkList,
  attachment: Attachment,
  options: CallOptions = {},
): Promise<void> {
  assertAttachment(attachment);
  await perform(delList(list, attachment, settingOf(options)), options);
}

/**
 * Removes what belongs to no attachment in `valid`: DEL of those that the cache has of this network, then GC of each plugin
 * (since 1.1.0). **What is not in `valid` loses its network**, so it must have all that live.
 * @throws Failures; all has been tried then
 */
export async function gcNetworkList(
  list: NetworkList,
  valid: readonly ValidAttachment[],
  options: CallOptions = {},
): Promise<void> {
  if (!Array.isArray(valid)) throw new TypeError(`valid is ${shown(valid)}, expected the list of live attachments`);
  for (const [i, { containerId, ifname }] of valid.entries()) {
    assertText(containerId, `valid[${i}].containerId`);
    assertText(ifname, `valid[${i}].ifname`);
  }
  await perform(gcList(list, valid, settingOf(options)), options);
}

/**
 * Asks the plugins of a list with STATUS whether an ADD can succeed. Of a version before 1.1.0 none is asked.
 * @throws PluginFailure of the first that is not ready: code 50, or 51 where what is there already may suffer, too
 */
export async function getStatus(list: NetworkList, options: CallOptions = {}): Promise<void> {
  await perform(statusOfList(list, settingOf(options)), options);
}

/**
 * What the ADD gave, in the list's version; undefined where the cache has nothing of the attachment.
 * @throws CniError 1 or 6 for an entry that is damaged, or of a version that cannot be converted
 */
export async function getCachedResult(
  list: NetworkList,
  attachment: Attachment,
  options: CallOptions = {},
): Promise<NetworkResult | undefined> {
  assertAttachment(attachment);
  return perform(cachedResult(list, attachment, settingOf(options)), options);
}

/**
 * The attachments that the cache knows, of one container or of all; entries that are damaged are left out.
 * @throws CniError 5 for a cache that is there and cannot be read
 */
export async function getCachedAttachments(containerId = "", options: CallOptions = {}): Promise<CachedAttachment[]> {
  return perform(cachedAttachments(settingOf(options), { containerId }), options);
}

/**
 * Asks each plugin of a list whether it supports the list's version; gives the capabilities that they declare, sorted.
 * @throws Failures, one for each plugin that is not there or does not
 */
export async function validateNetworkList(list: NetworkList, options: CallOptions = {}): Promise<string[]> {
  return perform(validateList(list, settingOf(options)), options);
}

function perform<T>(steps: Steps<T>, options: CallOptions): Promise<T> {
  return driveAsync(steps, machineHost(options));
}

/** Only the types: what plugins make of the values, libcni says on ADD. */
function assertAttachment({ containerId, netns, ifname, args = [] }: Attachment): void {
  assertText(containerId, "attachment.containerId");
  assertText(netns, "attachment.netns");
  assertText(ifname, "attachment.ifname");
  for (const [i, pair] of args.entries()) {
    if (pair.length !== 2) throw new TypeError(`attachment.args[${i}] is ${shown(pair)}, expected [key, value]`);
  }
}
