import * as sys from "#sys";
import { decodeBase64 } from "../base/base64.ts";
import { ENOENT, isErrno } from "../base/errno.ts";
import type { Owner } from "../base/owner.ts";
import { anyObject, array, decode, goObject, string } from "../spec/decode.ts";
import { isVersion, OLDEST, type Version } from "../spec/versions.ts";

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

/** Where libcni keeps its results unless the runtime says otherwise. */
export const CACHE_DIRECTORY = "/var/lib/cni";

const cacheSchema = goObject({
  kind: string,
  containerId: string,
  config: string,
  ifName: string,
  networkName: string,
  result: anyObject,
  capabilityArgs: anyObject,
});

const listSchema = goObject({ cniVersion: string, plugins: array(anyObject) });

/**
 * The attachments of `network` in the cache under `directory`. A file that cannot be read or understood is passed over,
 * of which `warn` is told: one corrupt entry must not keep the others from being mended.
 */
export function readAttachments(directory: string, network: string, warn: (line: string) => void): CachedAttachment[] {
  const results = `${directory}/results`;
  const names = filesOf(results).filter((name) => name.startsWith(`${network}-`));
  return names.sort().flatMap((name) => {
    try {
      return readEntry(`${results}/${name}`, network) ?? [];
    } catch (error) {
      warn(`${results}/${name} is passed over: ${error instanceof Error ? error.message : error}`);
      return [];
    }
  });
}

function filesOf(directory: string): string[] {
  try {
    return sys.readdir(directory);
  } catch (error) {
    if (isErrno(error, ENOENT)) return [];
    throw error;
  }
}

/** Undefined for an entry of another network, whose name only begins alike. */
function readEntry(path: string, network: string): CachedAttachment | undefined {
  const entry = decode(cacheSchema, JSON.parse(sys.readFile(path)));
  if (entry.networkName !== network) return undefined;
  const { containerId, ifName: ifname, result, capabilityArgs = {} } = entry;
  if (!containerId || !ifname || !result) throw new Error("containerId, ifName or result is missing");
  const config = JSON.parse(decodeBase64(entry.config ?? "") ?? "null");
  const { cniVersion = OLDEST, plugins = [config] } = decode(listSchema, config, "config");
  const version = isVersion(cniVersion) ? cniVersion : OLDEST;
  return { owner: { network, containerId, ifname }, plugins, version, result, capabilityArgs };
}
