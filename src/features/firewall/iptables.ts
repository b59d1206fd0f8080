import { type Family, familyOf, formatIp, type Ip } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client, Nftables } from "../../host/nft.ts";
import { edit, programTable, type Table } from "../../iptables/edit.ts";
import { hasLegacyTable } from "../../iptables/legacy.ts";
import { isNftConfigured } from "../../iptables/run.ts";
import type { Saved } from "../../iptables/saved.ts";
import { findChain } from "../../nft/find.ts";
import type { Attached } from "../attached.ts";
import { networkOfTag, networkTag, ownerTag } from "../owner.ts";
import type { About } from "./about.ts";
import { additions, missing, type Target } from "./additions.ts";
import { KernelTable } from "./kernel-table.ts";
import { ACCEPTED, commentOf, PUBLISHED, publishedBy, type Spec, tagOf } from "./layout.ts";
import { type Known, removalOf } from "./removal.ts";
import type { FirewallWish } from "./wish.ts";

/** The rules of attachments in iptables' table filter: one iptables-restore for each family, all or none of it. */

export const FAMILIES = [4, 6] as const;

export type Nft = Pick<Nftables, "client" | "orWithout">;

/** Whether iptables accepts the addresses: firewalld does it otherwise. */
export type Asked = FirewallWish & { readonly accepts: boolean };

/** Throws Explained, CniError. */
export function addByIptables(nft: Nft, wish: Asked, attached: Attached): void {
  for (const [family, target] of targetsOf(wish, attached)) {
    edit(configuredTable(nft, family, wish.adminChain, target), (saved) => additions(saved, [target]));
  }
}

/** The first command that would have to be done; undefined when all is there. Throws Explained. */
export function missingOfIptables(nft: Nft, wish: Asked, attached: Attached): string | undefined {
  for (const [family, target] of targetsOf(wish, attached)) {
    const saved = configuredTable(nft, family, wish.adminChain, target).read();
    const lack = lackOf(saved, target, publishedOwners(saved));
    if (lack !== undefined) return lack;
  }
  return undefined;
}

/** Of each tag the first of its rules. */
export function publishedOwners(saved: Saved): ReadonlyMap<string, Spec> {
  return new Map(
    saved
      .rules(PUBLISHED)
      .toReversed()
      .map((spec) => [tagOf(spec), spec]),
  );
}

/**
 * The first command that `target` would need; undefined when all is there. Its owner is known by the comment of its rules, in
 * which another policy may stand; what the reference has made says not whose it is.
 */
export function lackOf(saved: Saved, target: Target, owners: ReadonlyMap<string, Spec>): string | undefined {
  const own = owners.get(target.owner?.tag ?? "");
  const owner = own === undefined ? undefined : publishedBy(own);
  const command = missing(saved, [{ ...target, owner }]).find((one) => !one.startsWith("-D "));
  return command && `iptables' table filter has not: ${command}`;
}

/**
 * Removes what belongs to the owner, and what the reference has made for the addresses. Absent is success.
 * Throws NetlinkError, SysError, Explained, CniError.
 */
export function removeFromIptables(nft: Nft, owner: Owner, addresses: readonly Ip[], bridge: string | undefined): void {
  const tag = ownerTag(owner);
  const knownOf = (family: Family): Known => ({ addresses: textsOf(addresses, family), bridge });
  for (const [family, table] of tablesOf(nft, (one) => ({ ...knownOf(one), tag }))) {
    const known = knownOf(family);
    edit(table, (saved) => removalOf(saved, (other) => other === tag, known));
  }
}

/** Removes what belongs to none of the network's attachments `alive`. Throws as removeFromIptables. */
export function collectFromIptables(nft: Nft, network: string, alive: () => readonly Owner[]): void {
  const own = networkTag(network);
  for (const [, table] of tablesOf(nft)) {
    edit(table, (saved) => {
      if (!saved.rules(PUBLISHED).some((spec) => networkOfTag(tagOf(spec)) === own)) return [];
      const kept = new Set(alive().map((owner) => ownerTag(owner)));
      return removalOf(saved, (tag) => networkOfTag(tag) === own && !kept.has(tag));
    });
  }
}

/** What is wanted of the table of each family that it has addresses of. */
export function targetsOf(wish: Asked, { owner, addresses }: Attached): [Family, Target][] {
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

/** Of the iptables that the machine has configured, which makes the rules: all of them, or those about `target`. */
export function configuredTable(nft: Nft, family: Family, adminChain: string, target?: Target): Table {
  const programs = programTable({ family, legacy: false });
  const about = target?.owner && { tag: target.owner.tag, addresses: target.addresses };
  const limits = { adminChain, ...(about && { about }) };
  return isNftConfigured(family) ? new KernelTable(nft.client(), family, programs, limits) : programs;
}

/** The tables of iptables, new and old, that may have rules of attachments; of one attachment alone with `about`. */
function tablesOf(nft: Nft, about?: (family: Family) => About): [Family, Table][] {
  const ofNft = (family: Family, client: Client): [Family, Table][] => {
    const isIn = [ACCEPTED, PUBLISHED].some((chain) => findChain(client, family === 4 ? "ip" : "ip6", "filter", chain));
    const programs = programTable({ family, legacy: false, nft: true });
    const limits = about ? { about: about(family) } : {};
    return isIn ? [[family, new KernelTable(client, family, programs, limits)]] : [];
  };
  return FAMILIES.flatMap((family) => [
    ...nft.orWithout(
      (client) => ofNft(family, client),
      () => [],
    ),
    ...(hasLegacyTable(family, "filter") ? [[family, programTable({ family, legacy: true })] as [Family, Table]] : []),
  ]);
}
