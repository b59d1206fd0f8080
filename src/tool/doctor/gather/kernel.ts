import * as sys from "#sys";
import { attempt } from "../../../base/attempt.ts";
import type { Machine } from "../../../features/machine.ts";
import { TABLE as MASQUERADE } from "../../../features/masquerade/nft-set.ts";
import { TABLE as PORT_MAP } from "../../../features/port-map/nft-layout.ts";
import type { Client } from "../../../host/nft.ts";
import { findChain, listRules } from "../../../nft/find.ts";
import { type HookedChain, listHookedChains } from "../../../nft/find-hooks.ts";
import type { Family } from "../../../nft/objects.ts";
import type { Link } from "../../../rtnl/read-link.ts";
import { AF_INET, AF_INET6 } from "../../../rtnl/tables.ts";
import { TABLE as SERVICES } from "../../../service/sinks/nft/table.ts";
import type { ChainRules, Kernel } from "../facts.ts";

export function kernelOf(machine: Machine, links: readonly Link[]): Kernel {
  const read = (key: string) => attempt(() => sys.readFile(`/proc/sys/net/${key}`).trim());
  const bridgeNf = read("bridge/bridge-nf-call-iptables");
  const all = Number(read("ipv4/conf/all/rp_filter") ?? 0);
  const filters = links.map(
    ({ name }) => [name, Math.max(all, Number(read(`ipv4/conf/${name}/rp_filter`) ?? 0))] as const,
  );
  return {
    forwards4: machine.forwards(AF_INET),
    forwards6: machine.forwards(AF_INET6),
    rpFilter: new Map(filters),
    bridgeNf: bridgeNf === undefined ? undefined : bridgeNf === "1",
    hasKubeProxy: attempt(() => findChain(machine.nft.client(), "ip", "nat", "KUBE-SERVICES")) !== undefined,
  };
}

/** Chains of others that containers' packets go through are read up to so many, and jumps into others not followed. */
const CHAINS_MAX = 400;

/**
 * Of kube-proxy, Calico and Cilium: thousands, which they keep in order themselves. Of the plugin firewall, berth's or the
 * reference's: several for each container, of which its CHECK tells.
 */
export const NOT_READ = /^(KUBE-|cali-|CILIUM_|cilium_|CNI-(FORWARD|PUBLISHED|ISOLATION-STAGE-\d)$)/;

/** Berth's own: features look after them, and berthd. */
const isOurs = ({ table }: Pick<HookedChain, "table">): boolean =>
  table === MASQUERADE || table === PORT_MAP || table === SERVICES;

const isWanted = ({ family, base: { type, hook } }: HookedChain): boolean =>
  (family === "ip" || family === "ip6" || family === "inet") &&
  ((type === "filter" && hook === "forward") || (type === "nat" && (hook === "prerouting" || hook === "postrouting")));

/** The chains of others at the hooks that containers' packets pass, with their rules, and those that they jump to. */
export function chainsOf(client: Client, unseen: (line: string) => void): ChainRules[] {
  const found: ChainRules[] = listHookedChains(client)
    .filter((chain) => isWanted(chain) && !isOurs(chain))
    .map((chain) => ({ ...chain, rules: listRules(client, chain.family, chain.table, chain.name) }));
  const known = new Set(found.map(keyOf));
  // It grows while it is gone through.
  for (const { family, table, rules } of found) {
    for (const name of jumpsOf(rules)) {
      const key = keyOf({ family, table, name });
      if (known.has(key) || NOT_READ.test(name)) continue;
      if (known.size >= CHAINS_MAX) {
        unseen(`nft list ruleset: more than ${CHAINS_MAX} chains, of which the others were not read`);
        return found;
      }
      known.add(key);
      found.push({ family, table, name, base: undefined, rules: listRules(client, family, table, name) });
    }
  }
  return found;
}

const keyOf = ({ family, table, name }: { family: Family; table: string; name: string }) =>
  `${family} ${table} ${name}`;

function jumpsOf(rules: ChainRules["rules"]): string[] {
  const names = rules.flatMap(({ exprs }) =>
    exprs.map((expr) => (expr.name === "immediate" ? expr.data.data?.verdict?.chain : undefined)),
  );
  return names.filter((name) => name !== undefined);
}
