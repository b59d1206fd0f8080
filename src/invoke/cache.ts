/** libcni's result cache, one file for each attachment: what an ADD gave, kept for CHECK, DEL and GC. */
import { decodeBase64Bytes, encodeBase64 } from "../base/base64.ts";
import { assertErrno } from "../base/errno.ts";
import { decodeUtf8 } from "../base/utf8.ts";
import { CniError, DECODING_FAILURE, INVALID_CONFIG, IO_FAILURE } from "../spec/errors.ts";
import type { Attachment, Setting } from "./attachment.ts";
import { within } from "./failure.ts";
import { anyObject, type GoType, list, mustDecode, selfReading, struct, text } from "./go/decode.ts";
import { compareBytes, encodeJson, inOwnOrder, type JsonObject, sorted, throughJson } from "./go/json.ts";
import { join } from "./go/path.ts";
import { quoteGo } from "./go/quote.ts";
import type { NetworkList } from "./list.ts";
import { ask, type Steps } from "./request.ts";
import type { NetworkResult } from "./result.ts";
import { resultAs } from "./result-convert.ts";
import { parsed, resultOfText, some, written } from "./result-read.ts";
import { failedCall, isAbsent } from "./system.ts";

const KIND = "cniCacheV1";

/** An attachment that the cache knows. */
export interface CachedAttachment extends Attachment {
  readonly network: string;
  /** The list's own text, as it was at the ADD; empty where the entry has none. */
  readonly config: Uint8Array;
  /** What the last plugin gave, unchecked; undefined for an entry without. */
  readonly result: JsonObject | undefined;
  /** The file that says so. */
  readonly file: string;
}

/** The file of an attachment. @throws CniError 7 where one of the three names is empty */
export function cachePath(network: string, { containerId, ifname }: Attachment, setting: Setting): string {
  if (network === "" || containerId === "" || ifname === "") {
    const names = `network name (${quoteGo(network)}), container ID (${quoteGo(containerId)}), and interface name (${quoteGo(ifname)})`;
    throw new CniError(INVALID_CONFIG, `cache file path requires ${names}`);
  }
  return join(setting.cacheDirectory, "results", `${network}-${containerId}-${ifname}`);
}

/** The content of that file, byte for byte libcni's. */
export function cacheText(list: NetworkList, attachment: Attachment, result: NetworkResult | undefined): string {
  const { containerId, ifname, netns, args = [], capabilityArgs = {} } = attachment;
  const supplied = throughJson(capabilityArgs) as object;
  return encodeJson(
    inOwnOrder({
      kind: KIND,
      containerId,
      config: encodeBase64(list.bytes),
      ifName: ifname,
      networkName: list.name,
      netns: some(netns),
      cniArgs: some(args),
      capabilityArgs: Object.keys(supplied).length > 0 ? sorted(supplied) : undefined,
      result: result && sorted(result),
    }),
  );
}

/** @throws CniError 5 when it cannot be written, 7 for empty names */
export function* writeCache(
  list: NetworkList,
  attachment: Attachment,
  setting: Setting,
  result: NetworkResult | undefined,
): Steps<void> {
  const path = cachePath(list.name, attachment, setting);
  const directory = path.slice(0, path.lastIndexOf("/"));
  try {
    yield* ask({ do: "writeCache", directory, path, text: cacheText(list, attachment, result) });
  } catch (error) {
    throw new CniError(IO_FAILURE, failedCall("open", path, error), "", error);
  }
}

/** Removes the entry; that this was not possible is nobody's concern. */
export function* removeCache(network: string, attachment: Attachment, setting: Setting): Steps<void> {
  try {
    yield* ask({ do: "removeCache", path: cachePath(network, attachment, setting) });
  } catch (error) {
    if (!(error instanceof CniError)) assertErrno(error);
  }
}

const base64: GoType<Uint8Array> = selfReading("[]uint8", (value) => {
  const bytes = decodeBase64Bytes(value);
  if (bytes === undefined) throw new Error("illegal base64 data");
  return bytes;
});

const entry = struct("libcni.cachedInfo", {
  kind: text,
  containerId: text,
  config: base64,
  ifName: text,
  networkName: text,
  netns: text,
  cniArgs: list(list(text, "[2]string"), "[][2]string"),
  capabilityArgs: anyObject,
  result: anyObject,
});

/** What a file of the cache says; `network` is for messages. @throws CniError 6 for what is none */
export function entryOf(content: string, file: string, network = ""): CachedAttachment {
  const context = `failed to unmarshal cached network ${quoteGo(network)} config`;
  const info = mustDecode(entry, parsed(content, context), context) ?? {};
  const { kind = "", containerId = "", config, ifName = "", networkName = "", netns = "", cniArgs, ...rest } = info;
  if (kind !== KIND) {
    throw new CniError(DECODING_FAILURE, `read cached network ${quoteGo(network)} config has wrong kind: ${kind}`);
  }
  const { capabilityArgs, result } = rest;
  const args = cniArgs?.map((pair) => [pair?.[0] ?? "", pair?.[1] ?? ""] as const);
  return {
    network: networkName,
    containerId,
    ifname: ifName,
    netns,
    config: config ?? new Uint8Array(),
    result,
    file,
    ...written({ args, capabilityArgs }),
  };
}

/**
 * What the ADD gave, in the list's version; undefined where the cache has nothing that can be read.
 * @throws CniError 1 or 6 for an entry that is damaged, or is of a version that cannot be converted
 */
export function* cachedResult(
  list: NetworkList,
  attachment: Attachment,
  setting: Setting,
): Steps<NetworkResult | undefined> {
  const content = yield* readEntry(list.name, attachment, setting);
  if (content === undefined) return undefined;
  const result = resultOfText(resultTextOf(content));
  try {
    return resultAs(result, list.cniVersion);
  } catch (error) {
    throw within(`failed to convert cached result to config version ${quoteGo(list.cniVersion)}: `, error);
  }
}

/** An entry's result; an older libcni wrote nothing but that. */
function resultTextOf(content: string): string {
  try {
    return encodeJson(entryOf(content, "").result ?? null);
  } catch {
    return content;
  }
}

/**
 * The list's text and the attachment as they were at the ADD, with the netns that is given; undefined where the cache has
 * nothing that can be read. @throws CniError 6 for a damaged entry
 */
export function* cachedConfig(
  list: NetworkList,
  attachment: Attachment,
  setting: Setting,
): Steps<{ config: Uint8Array; attachment: Attachment } | undefined> {
  const content = yield* readEntry(list.name, attachment, setting);
  if (content === undefined) return undefined;
  const { config, args, capabilityArgs } = entryOf(content, "", list.name);
  return { config, attachment: { ...attachment, ...written({ args }), capabilityArgs } };
}

function* readEntry(network: string, attachment: Attachment, setting: Setting): Steps<string | undefined> {
  const path = cachePath(network, attachment, setting);
  try {
    return decodeUtf8(yield* ask({ do: "readFile", path }));
  } catch (error) {
    assertErrno(error);
    return undefined;
  }
}

/** Which entries of the cache are wanted; absent or "" means of all. */
export interface CacheFilter {
  readonly containerId?: string;
  /** Entries are looked for by their files' names, which begin with it. */
  readonly network?: string;
  /** Told of what cannot be read or understood. */
  readonly passedOver?: (path: string, error: unknown) => void;
}

/**
 * The attachments that the cache knows, by the names of their files. What cannot be read or understood is passed over.
 * @throws CniError 5 for a directory that is there and cannot be read
 */
export function* cachedAttachments(setting: Setting, filter: CacheFilter = {}): Steps<CachedAttachment[]> {
  const { containerId = "", network = "", passedOver } = filter;
  const directory = join(setting.cacheDirectory, "results");
  const found: CachedAttachment[] = [];
  for (const name of yield* entryNames(directory)) {
    if (!isOf(name, network, containerId)) continue;
    const path = join(directory, name);
    try {
      const one = entryOf(decodeUtf8(yield* ask({ do: "readFile", path })), path, network);
      if (containerId !== "" && one.containerId !== containerId) continue;
      if (network !== "" && one.network !== network) continue;
      if (one.ifname !== "" && one.network !== "") found.push(one);
    } catch (error) {
      if (!(error instanceof CniError)) assertErrno(error);
      passedOver?.(path, error);
    }
  }
  return found;
}

function* entryNames(directory: string): Steps<string[]> {
  try {
    const names = yield* ask({ do: "readDirectory", path: directory });
    return [...names].sort(compareBytes);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw new CniError(IO_FAILURE, failedCall("open", directory, error), "", error);
  }
}

/** Whether a file may be of the network, and has the container's ID in the middle of its name. */
function isOf(name: string, network: string, containerId: string): boolean {
  if (network !== "" && !name.startsWith(`${network}-`)) return false;
  const part = `-${containerId}-`;
  const at = name.indexOf(part);
  return containerId === "" || (at > 0 && at + part.length < name.length);
}
