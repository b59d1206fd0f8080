import { messageOf } from "../../base/errno.ts";
import type { Owner } from "../../base/owner.ts";
import { decodeUtf8 } from "../../base/utf8.ts";
import { cachedAttachments, type CachedAttachment as Entry } from "../../invoke/cache.ts";
import { drive } from "../../invoke/drive.ts";
import { anyObject, array, decode, goObject, string } from "../../spec/decode.ts";
import { isVersion, OLDEST, type Version } from "../../spec/versions.ts";
import { systemHost } from "../invoke-driver.ts";

/** What libcni remembers of an ADD (its result cache). */
export interface CachedAttachment {
  readonly owner: Owner;
  /** The plugins of the network's configuration, unchecked. */
  readonly plugins: readonly object[];
  /** Of that configuration. */
  readonly version: Version;
  /** What the last of them gave, not parsed (spec/result-parse.ts). */
  readonly result: object;
  /** What the runtime supplied, by the capability that asks for it. */
  readonly capabilityArgs: Readonly<Record<string, unknown>>;
  /** Path of the container's network namespace; undefined where the runtime gave none. */
  readonly netns: string | undefined;
  /** CNI_ARGS by name. */
  readonly args: ReadonlyMap<string, string>;
  /** The file that says so. */
  readonly path: string;
}

export { CACHE_DIRECTORY } from "../../invoke/attachment.ts";

const listSchema = goObject({ cniVersion: string, plugins: array(anyObject) });

/**
 * The attachments in the cache under `directory`, those of `network` or without one all, by the names of their files. A file
 * that cannot be read or understood is passed over, of which `warn` is told: one corrupt entry must not hide the others.
 */
export function readAttachments(
  directory: string,
  network: string | undefined,
  warn: (line: string) => void,
): CachedAttachment[] {
  const passedOver = (path: string, error: unknown) => warn(`${path} is passed over: ${messageOf(error)}`);
  const filter = { passedOver, ...(network === undefined ? {} : { network }) };
  const entries = drive(cachedAttachments({ path: [], cacheDirectory: directory }, filter), systemHost({ warn }));
  return entries.flatMap((entry) => {
    try {
      return attachmentOf(entry);
    } catch (error) {
      passedOver(entry.file, error);
      return [];
    }
  });
}

function attachmentOf({ network, containerId, ifname, netns, file, ...entry }: Entry): CachedAttachment {
  const { result, capabilityArgs = {} } = entry;
  if (containerId === "" || result === undefined) throw new Error("containerId or result is missing");
  const config = JSON.parse(decodeUtf8(entry.config) || "null");
  const { cniVersion = OLDEST, plugins = [config] } = decode(listSchema, config, "config");
  const version = isVersion(cniVersion) ? cniVersion : OLDEST;
  const owner = { network, containerId, ifname };
  const args = new Map(entry.args);
  return { owner, plugins, version, result, capabilityArgs, netns: netns || undefined, args, path: file };
}
