import { isVersion, OLDEST, type Version } from "../spec/versions.ts";
import type { CachedAttachment } from "./node/cache.ts";
import type { ConfFile } from "./node/networks.ts";

/** A network, as it is configured or, where it is not any more, cached. */
export interface KnownNetwork {
  readonly network: string;
  /** The file that configures it; undefined for one that is only cached. */
  readonly file: string | undefined;
  readonly version: Version;
  /** Its plugins, in order. */
  readonly plugins: readonly object[];
  /** Of one of its attachments, by capability. */
  readonly capabilityArgs: Readonly<Record<string, unknown>>;
}

/** In the order of their names. Of two files with one network the first counts, as for libcni. */
export function knownNetworks(files: readonly ConfFile[], cached: readonly CachedAttachment[]): KnownNetwork[] {
  const known = new Map<string, KnownNetwork>();
  const know = (one: KnownNetwork) => void (known.has(one.network) || known.set(one.network, one));
  const argsOf = (network: string) => cached.find(({ owner }) => owner.network === network)?.capabilityArgs ?? {};
  for (const { path, network } of files) {
    if (!network) continue;
    const { name, cniVersion = OLDEST, plugins } = network;
    const version = isVersion(cniVersion) ? cniVersion : OLDEST;
    know({ network: name, file: path, version, plugins, capabilityArgs: argsOf(name) });
  }
  for (const { owner, version, plugins, capabilityArgs } of cached)
    know({ network: owner.network, file: undefined, version, plugins, capabilityArgs });
  return [...known.keys()].sort().map((name) => known.get(name) as KnownNetwork);
}
