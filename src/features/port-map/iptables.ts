import { endpoint } from "../../base/endpoint.ts";
import { Explained } from "../../base/explained.ts";
import { familyOf, type Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { hasLegacyTable } from "../../iptables/legacy.ts";
import { linesOf, nat, removalOf } from "../../iptables/rules.ts";
import { type Kind, restore, save } from "../../iptables/run.ts";
import { removeBranch } from "../../nft/remove-chain.ts";
import { chainOf, chainsOfNetwork, mappingsOf, missingShared, ownRules } from "./iptables-rules.ts";
import { DNAT_TRUNK } from "./reference.ts";
import type { IptablesWish, PortMapWish } from "./wish.ts";

/** Port mappings kept by iptables, in the reference's layout. */

type Wish = PortMapWish & { readonly iptables: IptablesWish };

/** How often others may make shared chains between what was read and what is to be done. */
const ROUNDS = 10;

const FAMILIES = [4, 6] as const;

/** One iptables-restore for each family, all or none of it. What the attachment had before goes. Throws Explained. */
export function addByIptables(owner: Owner, wish: Wish, addresses: readonly Prefix[]): void {
  for (const address of addresses) {
    const kind = { family: familyOf(address.ip), legacy: false } as const;
    for (let left = ROUNDS; ; left--) {
      const saved = save(kind);
      const commands = [
        ...removalOf(chainOf(owner), saved),
        ...missingShared(wish, saved),
        ...ownRules(wish, owner, address),
      ];
      try {
        restore(kind, nat(...commands));
        break;
      } catch (error) {
        if (!(error instanceof Explained) || left === 0 || save(kind) === saved) throw error;
      }
    }
  }
}

/** Removes the attachment's chain and what leads to it, whichever iptables has made it. Absent is success. */
export function removeFromNftables(client: Client, owner: Owner): void {
  for (const family of ["ip", "ip6"] as const) {
    removeBranch(client, { family, table: "nat", trunk: DNAT_TRUNK, name: chainOf(owner) });
  }
}

/** The same where the old iptables, whose rules are not nf_tables', has a table nat. Throws Explained, SysError. */
export function removeFromLegacy(owner: Owner): void {
  for (const family of FAMILIES) {
    if (!hasLegacyTable(family, "nat")) continue;
    const kind: Kind = { family, legacy: true };
    const commands = removalOf(chainOf(owner), save(kind));
    if (commands.length > 0) restore(kind, nat(...commands));
  }
}

/** What is missing, in words; undefined when all is there. Throws Explained. */
export function checkByIptables(owner: Owner, wish: Wish, addresses: readonly Prefix[]): string | undefined {
  const chain = chainOf(owner);
  for (const address of addresses) {
    const saved = save({ family: familyOf(address.ip), legacy: false });
    const [shared] = missingShared(wish, saved);
    if (shared !== undefined) return `the rule or chain ${shared} is missing (iptables-save -t nat)`;
    const lines = linesOf(chain, saved);
    for (const { protocol, hostPort, containerPort } of mappingsOf(wish, address)) {
      const target = endpoint(address.ip, containerPort);
      const isThere = lines.some(
        (line) =>
          line.startsWith(`-A ${chain} `) &&
          line.includes(` -p ${protocol} `) &&
          line.includes(` --dport ${hostPort} `) &&
          line.endsWith(` --to-destination ${target}`),
      );
      if (!isThere)
        return `the rule of host port ${protocol} ${hostPort} in chain ${chain} is missing (iptables-save -t nat)`;
    }
    if (!lines.some((line) => line.startsWith(`-A ${DNAT_TRUNK} `)))
      return `no rule leads from ${DNAT_TRUNK} to chain ${chain} (iptables-save -t nat)`;
  }
  return undefined;
}

/** Removes what belongs to none of the network's attachments `alive`. Throws Explained. */
export function gcByIptables(network: string, alive: () => readonly Owner[]): void {
  for (const family of FAMILIES) {
    const kind: Kind = { family, legacy: false };
    const saved = save(kind);
    const chains = chainsOfNetwork(network, saved);
    if (chains.length === 0) continue;
    const kept = new Set(alive().map(chainOf));
    const commands = chains.filter((chain) => !kept.has(chain)).flatMap((chain) => removalOf(chain, saved));
    if (commands.length > 0) restore(kind, nat(...commands));
  }
}
