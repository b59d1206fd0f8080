import { messageOf } from "../base/errno.ts";
import type { Owner } from "../base/owner.ts";
import { decodeUtf8 } from "../base/utf8.ts";
import { type CachedAttachment as Cached, cachedAttachments } from "../invoke/cache.ts";
import { drive } from "../invoke/drive.ts";
import { anyObject, array, decode, goObject, string } from "../spec/decode.ts";
import { isVersion, OLDEST, type Version } from "../spec/versions.ts";
import { systemHost } from "./invoke-driver.ts";

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
}

const listSchema = goObject({ cniVersion: string, plugins: array(anyObject) });

/**
 * The attachments of `network` in the cache under `directory`. A file that cannot be read or understood is passed over,
 * of which `warn` is told: one corrupt entry must not keep the others from being mended.
 */
export function readAttachments(directory: string, network: string, warn: (line: string) => void): CachedAttachment[] {
  const passedOver = (what: string, error: unknown) => warn(`${what} is passed over: ${messageOf(error)}`);
  const setting = { path: [], cacheDirectory: directory };
  return drive(cachedAttachments(setting, { network, passedOver }), systemHost({ warn })).flatMap((cached) => {
    try {
      return attachmentOf(cached);
    } catch (error) {
      passedOver(`${directory}/results/${network}-${cached.containerId}-${cached.ifname}`, error);
      return [];
    }
  });
}

function attachmentOf({ network, containerId, ifname, result, config, capabilityArgs = {} }: Cached): CachedAttachment {
  if (containerId === "" || result === undefined) throw new Error("containerId or result is missing");
  const whole = JSON.parse(decodeUtf8(config) || "null");
  const { cniVersion = OLDEST, plugins = [whole] } = decode(listSchema, whole, "config");
  const version = isVersion(cniVersion) ? cniVersion : OLDEST;
  return { owner: { network, containerId, ifname }, plugins, version, result, capabilityArgs };
}
