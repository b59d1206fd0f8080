import { formatMac } from "../../base/mac.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { type FoundRule, findChain, listRules } from "../../nft/find.ts";
import { listChains } from "../../nft/find-chains.ts";
import { etherSaddr, iifname, jump, verdict } from "../../nft/match-link.ts";
import type { Chain, Rule } from "../../nft/objects.ts";
import { jumpsTo, removeBranch } from "../../nft/remove-chain.ts";
import type { Port } from "../attached.ts";
import { networkTag, ownerComment, ownerTag, tagOfComment } from "../owner.ts";

/**
 * That a container sends with its own MAC address only (macspoofchk). The layout is the reference's, so that each
 * removes what the other made (plugins: pkg/link/spoofcheck.go), but for the comment of an attachment's chain: it
 * tells the network, which the reference does not write down.
 */
const TABLE = "nat";

const PREROUTING = {
  kind: "chain",
  name: "PREROUTING",
  base: { type: "filter", hook: "prerouting", priority: -300, policy: "accept" },
} as const satisfies Chain;

const PREFIX = "cni-br-iface-";

/** The longest name of a chain (NFT_CHAIN_MAXNAMELEN without its NUL). */
const NAME_MAX = 255;

function chainsOf({ containerId, ifname }: Owner): { port: string; mac: string } {
  const port = `${PREFIX}${containerId}-${ifname}`;
  return { port, mac: `${port}-mac` };
}

/** Whether the chains can be named after the attachment: its container ID may be too long. */
export function canName(owner: Owner): boolean {
  return chainsOf(owner).mac.length <= NAME_MAX;
}

/** Drops what comes from `port` with another MAC address: one transaction. Repeating it changes nothing. Throws NetlinkError. */
export function addSpoofCheck(client: Client, owner: Owner, port: Port): void {
  const chains = chainsOf(owner);
  const batch = new Batch("bridge", TABLE)
    .add({ kind: "table" })
    .add(PREROUTING)
    .add({ kind: "chain", name: chains.port, comment: ownerComment(owner, ownerTag(owner)) })
    .add({ kind: "chain", name: chains.mac });
  if (findChain(client, "bridge", TABLE, chains.port)) {
    for (const { handle } of listRules(client, "bridge", TABLE, PREROUTING.name).filter(jumpsTo(chains.port))) {
      batch.delete({ kind: "handle", chain: PREROUTING.name, handle });
    }
    for (const name of [chains.port, chains.mac]) batch.flush({ kind: "chain", name });
  }
  for (const rule of rulesOf(owner, port)) batch.add(rule);
  run(client, batch);
}

function rulesOf(owner: Owner, { name, mac }: Port): Rule[] {
  const chains = chainsOf(owner);
  const comment = `macspoofchk-${owner.containerId}-${owner.ifname}`;
  const rule = (chain: string, ...statements: Rule["statements"]): Rule => ({
    kind: "rule",
    chain,
    statements,
    comment,
  });
  return [
    rule(PREROUTING.name, iifname(name), jump(chains.port)),
    rule(chains.port, jump(chains.mac)),
    rule(chains.mac, etherSaddr(mac), verdict("return")),
    rule(chains.mac, verdict("drop")),
  ];
}

/** Undoes `addSpoofCheck`, the reference's as well. Absent is success, at one request. Throws NetlinkError. */
export function removeSpoofCheck(client: Client, owner: Owner): void {
  const { port, mac } = chainsOf(owner);
  removeNamed(client, port, mac);
}

function removeNamed(client: Client, name: string, mac: string): void {
  removeBranch(client, { family: "bridge", table: TABLE, trunk: PREROUTING.name, name, twigs: [mac] });
}

/** Removes what was made for the network's attachments but those `alive`, who are asked when the chains have been seen. */
export function gcSpoofChecks(client: Client, network: string, alive: () => readonly Owner[]): void {
  const tag = networkTag(network);
  const ours = listChains(client, "bridge", TABLE).filter(
    ({ name, comment }) => name.startsWith(PREFIX) && comment.startsWith(`${tag}-`),
  );
  if (ours.length === 0) return;
  const kept = new Set(alive().map((owner) => ownerTag(owner, tag)));
  for (const { name, comment } of ours) if (!kept.has(tagOfComment(comment))) removeNamed(client, name, `${name}-mac`);
}

/** What of `addSpoofCheck` is not in the kernel, in words; undefined when nothing is missing. Throws NetlinkError. */
export function checkSpoofCheck(client: Client, owner: Owner, port: Port): string | undefined {
  const chains = chainsOf(owner);
  const rules = (chain: string) => listRules(client, "bridge", TABLE, chain);
  const missing = (what: string, chain: string) => `${what} is missing (nft list chain bridge ${TABLE} ${chain})`;
  if (!rules(PREROUTING.name).some((rule) => jumpsTo(chains.port)(rule) && compares(rule, iifname(port.name)))) {
    return missing(`the rule for ${port.name} in ${PREROUTING.name}`, PREROUTING.name);
  }
  if (!rules(chains.port).some(jumpsTo(chains.mac))) return missing(`the rule of ${chains.port}`, chains.port);
  const [first, second] = rules(chains.mac);
  const lets = first && compares(first, etherSaddr(port.mac));
  if (!lets) return missing(`the rule that lets ${formatMac(port.mac)} through`, chains.mac);
  return second ? undefined : missing("the rule that drops the rest", chains.mac);
}

/** Whether a rule compares with the same value as `statement`. */
function compares({ exprs }: FoundRule, { exprs: wanted }: Rule["statements"][number]): boolean {
  const comparedIn = (list: FoundRule["exprs"]) => list.find((expr) => expr.name === "cmp")?.data.data?.value?.join();
  return comparedIn(exprs) === comparedIn(wanted);
}
