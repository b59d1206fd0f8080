import type { Host } from "../host/host.ts";
import { boolean, decode, goObject, string } from "../spec/decode.ts";
import { isNamed } from "../spec/plugin.ts";
import { type Attachment, readAttachments } from "./attachments.ts";

/** What a repair did. */
export interface Repair {
  /** One line for each attachment, in the order of the cache. */
  readonly lines: readonly string[];
  /** Attachments whose rules could not be put back. */
  readonly failed: number;
}

/**
 * Puts back the masquerade rules of the network's live attachments after a flush of the ruleset or a firewall reload:
 * those of which libcni's cache has a result and whose interface in the host is still there. The dead get nothing.
 */
export function repair(host: Host, cache: string, network: string): Repair {
  const lines: string[] = [];
  let failed = 0;
  for (const attachment of readAttachments(cache, network, (line) => lines.push(line))) {
    const { containerId, ifname } = attachment.owner;
    try {
      lines.push(`${containerId} ${ifname}: ${mend(host, attachment)}`);
    } catch (error) {
      failed++;
      lines.push(`${containerId} ${ifname}: failed: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { lines, failed };
}

const bridgeSchema = goObject({ type: string, ipMasq: boolean });

function mend(host: Host, { owner, plugins, result }: Attachment): string {
  const masquerades = plugins.some((plugin) => {
    const { type = "", ipMasq } = decode(bridgeSchema, plugin);
    return isNamed(type, "bridge") && ipMasq === true;
  });
  if (!masquerades) return "its network does not masquerade";
  const ends = result.interfaces.filter(({ sandbox }) => !sandbox).map(({ name }) => host.findLink(name));
  if (!ends.some((link) => link?.kind === "veth")) return "its interface is gone: nothing is put back";
  const missing = host.masquerade.restore(
    owner,
    result.ips.map(({ address }) => address),
  );
  return missing === undefined ? "complete" : `put back (${missing})`;
}
