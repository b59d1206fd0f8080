import { CniError } from "../spec/errors.ts";
import type { Attachment, Setting } from "./attachment.ts";
import { type CachedAttachment, cachedAttachments } from "./cache.ts";
import { delList } from "./del.ts";
import { Failures, PluginFailure, within } from "./failure.ts";
import { knows, type NetworkList } from "./list.ts";
import type { Steps } from "./request.ts";
import { callAboutNetwork } from "./status.ts";

/** An attachment that is to stay. */
export interface ValidAttachment {
  readonly containerId: string;
  readonly ifname: string;
}

/**
 * Removes what belongs to no valid attachment: calls DEL for those in the cache that are of this network and not in `valid`,
 * then GC of each plugin (since 1.1.0). Nothing of a list with disableGC. All is tried before anything is thrown.
 *
 * `valid` undefined means that the caller knows of none: **every cached attachment is deleted**, and the plugins are not told
 * which are valid (as cnitool's gc does); [] deletes them too, and tells the plugins so.
 * @throws Failures
 */
export function* gcList(
  list: NetworkList,
  valid: readonly ValidAttachment[] | undefined,
  setting: Setting,
): Steps<void> {
  if (list.disableGC) return;
  const stale = yield* staleAttachments(list, valid, setting);
  if (stale === undefined) return;
  const failures: CniError[] = [];
  for (const one of stale) failures.push(...(yield* deleted(list, one, setting)));
  if (knows(list, "1.1.0")) failures.push(...(yield* collected(list, valid, setting)));
  if (failures.length > 0) throw new Failures(failures, failures.map(({ text }) => text).join("\n"));
}

/**
 * What gcList would call DEL for: the cached attachments of the network that are not valid. undefined where the cache cannot
 * be read, of which libcni makes a GC that does nothing.
 */
export function* staleAttachments(
  list: NetworkList,
  valid: readonly ValidAttachment[] | undefined,
  setting: Setting,
): Steps<CachedAttachment[] | undefined> {
  let cached: CachedAttachment[];
  try {
    cached = yield* cachedAttachments(setting);
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
  const isValid = ({ containerId, ifname }: Attachment) =>
    valid?.some((one) => one.containerId === containerId && one.ifname === ifname) ?? false;
  return cached.filter((one) => one.network === list.name && !isValid(one));
}

function* deleted(list: NetworkList, stale: CachedAttachment, setting: Setting): Steps<CniError[]> {
  try {
    yield* delList(list, stale, setting);
    return [];
  } catch (error) {
    return [failed(within(`failed to delete stale attachment ${stale.containerId} ${stale.ifname}: `, error))];
  }
}

function* collected(
  list: NetworkList,
  valid: readonly ValidAttachment[] | undefined,
  setting: Setting,
): Steps<CniError[]> {
  const attachments = valid?.map(({ containerId, ifname }) => ({ containerID: containerId, ifname }));
  // The spec's first text of GC had the other name.
  const told = attachments && { "cni.dev/valid-attachments": attachments, "cni.dev/attachments": attachments };
  const failures: CniError[] = [];
  for (const plugin of list.plugins) {
    try {
      yield* callAboutNetwork("GC", list, plugin, setting, told);
    } catch (error) {
      const why = failed(error);
      failures.push(new PluginFailure(plugin.type, "GC", `failed to GC plugin ${plugin.type}: `, why));
    }
  }
  return failures;
}

function failed(error: unknown): CniError {
  if (error instanceof CniError) return error;
  throw error;
}
