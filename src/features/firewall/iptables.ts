import { type Family, familyOf, formatIp, type Ip } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Nftables } from "../../host/nft.ts";
import { editFilter, readFilter } from "../../iptables/edit.ts";
import { hasLegacyTable } from "../../iptables/legacy.ts";
import type { Kind } from "../../iptables/run.ts";
import type { Saved } from "../../iptables/saved.ts";
import { findChain } from "../../nft/find.ts";
import type { Attached } from "../attached.ts";
import { networkOfTag, networkTag, ownerTag } from "../owner.ts";
import { additions, missing, type Target } from "./additions.ts";
import { ACCEPTED, commentOf, PUBLISHED, publishedBy } from "./layout.ts";
import { type Known, removalOf } from "./removal.ts";
import type { FirewallWish } from "./wish.ts";

/** The rules of attachments in iptables' table filter: one iptables-restore for each family, all or none of it. */

const FAMILIES = [4, 6] as const;

/** Whether iptables accepts the addresses: firewalld does it otherwise. */
export type Asked = FirewallWish & { readonly accepts: boolean };

/** Throws Explained, CniError. */
export function addByIptables(wish: Asked, attached: Attached): void {
  for (const [family, target] of targetsOf(wish, attached)) {
    editFilter({ family, legacy: false }, (saved) => additions(saved, target));
  }
}

/** The first command that would have to be done; undefined when all is there. Throws Explained. */
export function missingOfIptables(wish: Asked, attached: Attached): string | undefined {
  for (const [family, target] of targetsOf(wish, attached)) {
    const saved = readFilter({ family, legacy: false });
    const owner = ownerIn(saved, attached.owner);
    const command = missing(saved, { ...target, owner }).find((one) => !one.startsWith("-D "));
    if (command !== undefined) return `iptables' table filter has not: ${command}`;
  }
  return undefined;
}

/** By its comment, in which another policy may stand; what the reference has made says not whose it is. */
function ownerIn(saved: Saved, owner: Owner): Target["owner"] {
  const tag = ownerTag(owner);
  return saved
    .rules(PUBLISHED)
    .flatMap((spec) => publishedBy(spec) ?? [])
    .find((rule) => rule.tag === tag);
}

/**
 * Removes what belongs to the owner, and what the reference has made for the addresses. Absent is success.
 * Throws NetlinkError, SysError, Explained, CniError.
 */
export function removeFromIptables(
  nft: Pick<Nftables, "orWithout">,
  owner: Owner,
  addresses: readonly Ip[],
  bridge: string | undefined,
): void {
  const tag = ownerTag(owner);
  for (const kind of kindsOf(nft)) {
    const known: Known = { addresses: textsOf(addresses, kind.family), bridge };
    editFilter(kind, (saved) => removalOf(saved, (other) => other === tag, known));
  }
}

/** Removes what belongs to none of the network's attachments `alive`. Throws as removeFromIptables. */
export function collectFromIptables(
  nft: Pick<Nftables, "orWithout">,
  network: string,
  alive: () => readonly Owner[],
): void {
  const own = networkTag(network);
  for (const kind of kindsOf(nft)) {
    editFilter(kind, (saved) => {
      const tags = saved.rules(PUBLISHED).flatMap((spec) => publishedBy(spec)?.tag ?? []);
      if (!tags.some((tag) => networkOfTag(tag) === own)) return [];
      const kept = new Set(alive().map((owner) => ownerTag(owner)));
      return removalOf(saved, (tag) => networkOfTag(tag) === own && !kept.has(tag));
    });
  }
}

function targetsOf(wish: Asked, { owner, addresses }: Attached): [Family, Target][] {
  const { adminChain, accepts, isolation } = wish;
  const whose = { tag: ownerTag(owner), comment: commentOf(owner, isolation) };
  return FAMILIES.flatMap((family): [Family, Target][] => {
    const texts = textsOf(
      addresses.map(({ ip }) => ip),
      family,
    );
    return texts.length > 0 ? [[family, { owner: whose, addresses: texts, adminChain, accepts, isolation }]] : [];
  });
}

function textsOf(addresses: readonly Ip[], family: Family): string[] {
  const own = addresses.filter((ip) => familyOf(ip) === family);
  return [...new Set(own.map((ip) => `${formatIp(ip)}/${8 * ip.length}`))];
}

/** The iptables, new and old, that have rules of attachments: what has none, no program needs to be run for. */
function kindsOf(nft: Pick<Nftables, "orWithout">): Kind[] {
  const isIn = (family: Family) =>
    nft.orWithout(
      (client) =>
        [ACCEPTED, PUBLISHED].some((chain) => findChain(client, family === 4 ? "ip" : "ip6", "filter", chain)),
      () => false,
    );
  return FAMILIES.flatMap((family): Kind[] => [
    ...(isIn(family) ? [{ family, legacy: false, nft: true } as const] : []),
    ...(hasLegacyTable(family, "filter") ? [{ family, legacy: true }] : []),
  ]);
}
