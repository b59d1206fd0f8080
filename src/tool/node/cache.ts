import { readFile } from "#sys";
import { decodeBase64 } from "../../base/base64.ts";
import { messageOf } from "../../base/errno.ts";
import type { Owner } from "../../base/owner.ts";
import { anyObject, array, decode, goObject, string } from "../../spec/decode.ts";
import { isVersion, OLDEST, type Version } from "../../spec/versions.ts";
import { namesIn } from "./files.ts";

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
  netns: string,
  cniArgs: array(array(string)),
});

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
  const results = `${directory}/results`;
  const names = namesIn(results).filter((name) => network === undefined || name.startsWith(`${network}-`));
  return names.flatMap((name) => {
    try {
      const entry = readEntry(`${results}/${name}`);
      // The name of another network may only begin alike.
      return network === undefined || entry.owner.network === network ? entry : [];
    } catch (error) {
      warn(`${results}/${name} is passed over: ${messageOf(error)}`);
      return [];
    }
  });
}

function readEntry(path: string): CachedAttachment {
  const entry = decode(cacheSchema, JSON.parse(readFile(path)));
  const { networkName: network, containerId, ifName: ifname, result, capabilityArgs = {}, netns, cniArgs = [] } = entry;
  if (!network || !containerId || !ifname || !result) {
    throw new Error("networkName, containerId, ifName or result is missing");
  }
  const config = JSON.parse(decodeBase64(entry.config ?? "") ?? "null");
  const { cniVersion = OLDEST, plugins = [config] } = decode(listSchema, config, "config");
  const version = isVersion(cniVersion) ? cniVersion : OLDEST;
  const args = new Map(cniArgs.map(([name = "", value = ""]) => [name, value]));
  const owner = { network, containerId, ifname };
  return { owner, plugins, version, result, capabilityArgs, netns: netns || undefined, args, path };
}
