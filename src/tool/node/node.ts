import { type Host, ThisHost } from "../../host/host.ts";
import { type Place, readPlace } from "../../plugins/host-local/config.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { decode, goObject, string } from "../../spec/decode.ts";
import { CniError } from "../../spec/errors.ts";
import { type Attachment, joinAttachments } from "./attachments.ts";
import { CACHE_DIRECTORY, type CachedAttachment, readAttachments } from "./cache.ts";
import { type Lease, readLeases } from "./leases.ts";
import { CONF_DIRECTORY, type ConfFile, readConfFiles } from "./networks.ts";

/** Where a node keeps what runtimes and plugins write. */
export interface Places {
  /** Of the network configurations. */
  readonly conf: string;
  /** Of libcni's result cache: the directory that has `results`. */
  readonly cache: string;
}

export const PLACES: Places = { conf: CONF_DIRECTORY, cache: CACHE_DIRECTORY };

/** What is on this node, seen from the network namespace that this process runs in. */
export interface Node {
  readonly files: readonly ConfFile[];
  readonly cached: readonly CachedAttachment[];
  readonly leases: readonly Lease[];
  readonly links: readonly Link[];
  readonly attachments: readonly Attachment[];
}

/**
 * Reads all of it once. What cannot be understood is passed over, of which `warn` is told. `network` undefined: of all
 * networks that are configured or cached. Throws SysError, NetlinkError.
 */
export function readNode(
  places: Places,
  network: string | undefined,
  warn: (line: string) => void,
  host: Pick<Host, "listLinks"> = new ThisHost(),
): Node {
  const files = readConfFiles(places.conf);
  const cached = readAttachments(places.cache, network, warn);
  const leases = leaseDirectories(files, cached)
    .filter((directory) => network === undefined || directory.network === network)
    .flatMap(({ dataDir, network }) => readLeases(dataDir, network));
  const links = host.listLinks();
  const attachments = joinAttachments(cached, leases, links).filter(
    ({ owner }) => network === undefined || owner.network === network,
  );
  return { files, cached, leases, links, attachments };
}

/** Where host-local has leases of a network. */
export interface LeaseDirectory {
  readonly network: string;
  readonly dataDir: string;
}

const ipamSchema = goObject({ ipam: goObject({ type: string }) });

/** Those of all networks whose IPAM is host-local, configured or only cached, each once. */
export function leaseDirectories(
  files: readonly ConfFile[],
  cached: readonly CachedAttachment[],
): readonly LeaseDirectory[] {
  const configured = files.flatMap(({ network }) => network ?? []);
  const known = [
    ...configured.flatMap(({ name, plugins }) => plugins.map((config) => ({ name, config }))),
    ...cached.flatMap(({ owner, plugins }) => plugins.map((config) => ({ name: owner.network, config }))),
  ];
  const found = new Map<string, LeaseDirectory>();
  for (const { name, config } of known) {
    const place = leasePlace(name, config);
    if (place) found.set(`${place.dataDir}/${name}`, { network: name, dataDir: place.dataDir });
  }
  return [...found.values()];
}

/** Undefined where the plugin has another IPAM, or a configuration that its ADD would refuse. */
export function leasePlace(network: string, config: object): Place | undefined {
  try {
    const { ipam } = decode(ipamSchema, config);
    return ipam?.type?.endsWith("host-local") ? readPlace(config, network) : undefined;
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}
