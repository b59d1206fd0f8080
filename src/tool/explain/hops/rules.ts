import { endpoint } from "../../../base/endpoint.ts";
import { formatIp, type Ip } from "../../../base/ip.ts";
import type { Step } from "../../../nft/trace.ts";
import { type Facts, hostSide, inside } from "../facts.ts";
import { broken, type Hop, ok, unknown } from "../hop.ts";
import type { Change, Journey } from "../journey.ts";
import type { Flow } from "../packet.ts";
import type { Place } from "../tracer.ts";

/** What the rules of the container and of its host did to the packet that was sent. */

/** What a step is called: table, chain and, of a rule, its number. */
export function stepText({ family, table, chain, kind, handle }: Step): string {
  const where = `table ${family} ${table}, chain ${chain}`;
  return kind === "rule" ? `${where}, rule handle ${handle}` : `${where}, its policy`;
}

const RULES = "rules";

/** That no rule ends the packet. */
export function rulesHop(facts: Facts): Hop {
  const { untraced, inside: within, outside } = facts;
  if (untraced !== undefined) return unknown(RULES, untraced);
  if (within?.fate.is === "ended") return endedHop(facts, within.fate, true);
  // What its own rules drop is refused to a program of this host, berth's own among them.
  if (facts.refused !== undefined && outside?.fate.is === "unseen") return refusedHop(facts, facts.refused);
  if (!outside) return unknown(RULES, "the packet was not followed");
  const { fate } = outside;
  if (fate.is === "ended") return endedHop(facts, fate, false);
  if (fate.is === "unseen") return unseenHop(facts);
  if (fate.is === "lost") return lostHop(facts, fate.after);
  const left = facts.aim.isInward ? "it would have come to the container" : "it would have left here";
  const where = fate.is === "sent" ? `${left}, and was dropped by berth` : "it came to the host itself";
  return ok(RULES, `${packetText(facts, outside)} passed ${hooksText(outside)}: ${where}`);
}

/** By a rule that nf_tables does not tell of: the old iptables', or a program of cgroups or tc. */
function refusedHop(facts: Facts, said: string): Hop {
  return broken(RULES, {
    what: "the container's own kernel does not send the packet",
    evidence: `${said} (${inside(facts, "iptables-legacy -S OUTPUT")})`,
    consequence: `nothing in the container reaches ${formatIp(facts.aim.to)}`,
    mend: [],
  });
}

function packetText({ aim }: Facts, { begin }: Journey): string {
  const text = (ip: Ip, port: number) => (aim.transport === "icmp" ? formatIp(ip) : endpoint(ip, port));
  return begin
    ? `a packet (${aim.transport}) ${text(begin.from, begin.fromPort)} to ${text(begin.to, begin.toPort)}`
    : "a packet";
}

const hooksText = ({ places }: Journey): string => [...new Set(places.map(({ hook }) => hook))].join(", ");

function endedHop(facts: Facts, { by, after }: { by: Step; after: Place | undefined }, within: boolean): Hop {
  const verb = by.verdict === "drop" ? "drops" : `takes (${by.verdict})`;
  const hook = after ? ` in hook ${after.hook}` : "";
  const what = by.kind === "rule" ? `rule handle ${by.handle}` : "policy";
  const run = (command: string) => (within ? inside(facts, command) : command);
  const mend =
    by.kind === "rule"
      ? [`nft delete rule ${by.family} ${by.table} ${by.chain} handle ${by.handle}`]
      : passMend(facts, by, after);
  return broken(RULES, {
    what: `${within ? "in the container's own namespace " : ""}the ${what} of chain ${by.chain}, table ${by.family} ${by.table}, ${verb} ${packets(facts)}`,
    evidence: `a packet ${facts.aim.isInward ? "from" : "to"} ${endpoint(facts.aim.to, facts.aim.isInward ? 0 : facts.aim.toPort)} ended there${hook} (${run(`nft -a list chain ${by.family} ${by.table} ${by.chain}`)})`,
    consequence: consequenceOf(facts),
    mend: mend.map(run),
  });
}

const packets = ({ aim }: Facts): string => (aim.isInward ? "what comes for the container" : "the container's packets");

const consequenceOf = ({ aim }: Facts): string =>
  aim.isInward ? "who connects to the published port hears nothing" : "the container does not reach what lies beyond";

/** Tables that the programs of iptables keep: their own words must change them. */
const OF_IPTABLES = ["filter", "nat", "mangle", "raw", "security"];

/** Lets the container's packets, and what answers them, pass a chain whose policy drops them. */
function passMend(facts: Facts, { family, table, chain }: Step, after: Place | undefined): string[] {
  const name = hostSide(facts)?.name;
  const isIptables =
    (family === "ip" || family === "ip6") && OF_IPTABLES.includes(table) && chain === chain.toUpperCase();
  if (isIptables) return iptablesMend(facts, family === "ip" ? "iptables-nft" : "ip6tables-nft", table, chain, after);
  const rule = `nft insert rule ${family} ${table} ${chain}`;
  if (after?.hook !== "forward" || !name) return [`${rule} ${sourceWords(facts)} accept`];
  if (facts.aim.isInward)
    return [
      `${rule} oifname ${name} ct status dnat accept`,
      `${rule} iifname ${name} ct state established,related accept`,
    ];
  return [`${rule} iifname ${name} accept`, `${rule} oifname ${name} ct state established,related accept`];
}

function sourceWords({ addresses: [address], aim }: Facts): string {
  const family = aim.to.length === 4 ? "ip" : "ip6";
  return address ? `${family} saddr ${formatIp(address.ip)}` : "";
}

function iptablesMend(facts: Facts, tool: string, table: string, chain: string, after: Place | undefined): string[] {
  const name = hostSide(facts)?.name;
  const [address] = facts.addresses;
  const rule = `${tool} -t ${table} -I ${chain}`;
  if (after?.hook !== "forward" || !name) return address ? [`${rule} -s ${formatIp(address.ip)} -j ACCEPT`] : [];
  const answers = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
  if (facts.aim.isInward)
    return [`${rule} -o ${name} -m conntrack --ctstate DNAT -j ACCEPT`, `${rule} -i ${name} ${answers}`];
  return [`${rule} -i ${name} -j ACCEPT`, `${rule} -o ${name} ${answers}`];
}

function unseenHop(facts: Facts): Hop {
  return broken(RULES, {
    what: "the container's packet did not come to the host",
    evidence: "it was sent, and no hook of the host saw it",
    consequence:
      "something between the container's interface and the host's takes it: a tc filter, an XDP program or the bridge",
    mend: facts.cable.hostEnd ? [`tc filter show dev ${facts.cable.hostEnd.name} ingress`] : [],
  });
}

/** Where a hook's chains are those of the old iptables, whose rules nf_tables does not tell of. */
const CHAINS: Readonly<Record<string, string>> = { forward: "FORWARD", input: "INPUT", output: "OUTPUT" };

function lostHop(facts: Facts, after: Place): Hop {
  const { hook, end } = after;
  const chain = CHAINS[hook];
  const tool = facts.aim.to.length === 4 ? "iptables-legacy" : "ip6tables-legacy";
  if (end === "first" && chain && facts.hasLegacyFilter) {
    return broken(RULES, {
      what: `chain ${chain} of the old iptables (${tool}) drops ${packets(facts)}`,
      evidence: `the packet came into hook ${hook} and not to its end, and no rule of nf_tables took it (${tool} -S ${chain})`,
      consequence: consequenceOf(facts),
      mend: iptablesMend(facts, tool, "filter", chain, after),
    });
  }
  const where = end === "first" ? `in hook ${hook}` : `behind hook ${hook}`;
  return broken(RULES, {
    what: `the host loses ${facts.aim.isInward ? "the packet" : "the container's packet"} ${where}`,
    evidence: `it was last seen ${where}, and no rule of nf_tables took it`,
    consequence: consequenceOf(facts),
    mend: [],
  });
}

const flowText = ({ from, fromPort, to, toPort }: Flow, of: Change["of"]): string =>
  of === "source" ? endpoint(from, fromPort) : endpoint(to, toPort);

/** What was made of an address, and by which rule. */
export function changeText({ of, before, after, by }: Change): string {
  const rule = by ? stepText(by) : "no rule of nf_tables (iptables-legacy -t nat -S)";
  return `${of} ${flowText(before, of)} becomes ${flowText(after, of)}: ${rule}`;
}

/** Whether the packet leaves with an address that answers find. Undefined where it did not get so far. */
export function translationHop(facts: Facts): Hop | undefined {
  const { outside, translatedIsLocal } = facts;
  const name = "source address";
  if (outside?.fate.is !== "sent" || !outside.begin) return undefined;
  const change = outside.changes.findLast(({ of }) => of === "source");
  const texts = outside.changes.map(changeText);
  if (!change) return ok(name, ...texts, `it leaves as ${formatIp(outside.begin.from)}: no rule replaces the source`);
  if (translatedIsLocal !== false) return ok(name, ...texts);
  const { by } = change;
  return broken(name, {
    what: `the source of what leaves becomes ${formatIp(change.after.from)}, which is no address of this host`,
    evidence: changeText(change),
    consequence: "answers go somewhere else",
    mend: by ? [`nft delete rule ${by.family} ${by.table} ${by.chain} handle ${by.handle}`] : [],
  });
}

/** What the plugins of the network say of their own work (CHECK). Undefined where nobody knows which they are. */
export function checkHop({ complaints, subject }: Facts): Hop | undefined {
  const name = "network's own CHECK";
  if (!complaints) return undefined;
  const [first, ...more] = complaints;
  if (!first) return ok(name, `${subject.network ?? "the network"}: nothing differs from what the ADD made`);
  return broken(name, {
    what: `${first.plugin}: ${first.message}`,
    evidence: [first.details, ...more.map(({ plugin, message }) => `${plugin}: ${message}`)].filter(Boolean).join("; "),
    consequence: "something of what the ADD made for this container is not there any more",
    mend: first.isMended && subject.network !== undefined ? [`berth repair ${subject.network}`] : [],
  });
}
