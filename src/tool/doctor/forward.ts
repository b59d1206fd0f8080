/** Whether chains of others at the forward hook drop what containers send and get. */
import { familyOf, formatIp, type Ip, nextIp } from "../../base/ip.ts";
import type { Finding } from "../finding.ts";
import type { AttachmentFacts, ChainRules, Facts, NetworkFacts } from "./facts.ts";
import { ESTABLISHED, NEW, outsideOf, type Packet, packetText } from "./ruleset/packet.ts";
import { type Assumed, type Fate, fateIn } from "./ruleset/walk.ts";
import { command } from "./text/shell.ts";
import { uplinksOf } from "./uplinks.ts";

const TCP = 6;
const HTTPS = 443;

export function checkForward(facts: Facts): Finding[] {
  return facts.networks.flatMap((network) => {
    const { bridge } = network;
    if (!bridge?.isGateway) return [];
    const [one] = samplesOf(network, facts);
    if (!one) return [];
    const dropped = dropOf(bridge.bridge, one, facts, assumedOf(network));
    return dropped ? findingOf(network, bridge.bridge, dropped) : legacyFinding(network, bridge.bridge, facts);
  });
}

/**
 * The chains of the plugin firewall: of its own containers it is known that they are accepted (samplesOf), and of others that
 * nothing in them is about them.
 */
const assumedOf = ({ hasFirewall }: NetworkFacts): Assumed => {
  const nothing = { does: "nothing" } as const;
  return {
    "CNI-FORWARD": hasFirewall ? { does: "accept" } : nothing,
    "CNI-PUBLISHED": nothing,
    "CNI-ISOLATION-STAGE-1": nothing,
    "CNI-ISOLATION-STAGE-2": nothing,
  };
};

/** A container of the network whose own rules are there, or where no plugin makes such the first address that it would give. */
function samplesOf(network: NetworkFacts, { attachments }: Facts): Ip[] {
  const isSound = ({ owner, life, missing, result }: AttachmentFacts) =>
    owner.network === network.name && life.is === "alive" && result && missing.length === 0;
  const live = attachments.filter(isSound).flatMap(({ result }) => result?.ips.map(({ address }) => address.ip) ?? []);
  if (live.length > 0 || network.hasFirewall) return live;
  return network.pool.flatMap(([range]) => (range ? [nextIp(range.start)] : []));
}

interface Dropped {
  readonly fate: Fate;
  readonly packet: Packet;
  readonly isOut: boolean;
}

function dropOf(bridge: string, ip: Ip, facts: Facts, assumed: Assumed): Dropped | undefined {
  const uplink = uplinksOf(facts, familyOf(ip))[0]?.name ?? "eth0";
  const outside = outsideOf(ip);
  const common = { protocol: TCP, port: HTTPS, isLocal: false };
  const out: Packet = { ...common, iif: bridge, oif: uplink, from: ip, to: outside, state: NEW };
  const back: Packet = { ...common, iif: uplink, oif: bridge, from: outside, to: ip, state: ESTABLISHED };
  const family = ip.length === 4 ? "ip" : "ip6";
  const bases = facts.chains.filter(
    (chain) => chain.base?.hook === "forward" && (chain.family === family || chain.family === "inet"),
  );
  for (const packet of [out, back]) {
    for (const base of bases) {
      const fate = fateIn(base, facts.chains, packet, assumed);
      if (fate.action.does === "drop" && fate.isSure) return { fate, packet, isOut: packet === out };
    }
  }
  return undefined;
}

function findingOf({ name, hasFirewall }: NetworkFacts, bridge: string, { fate, packet, isOut }: Dropped): Finding {
  const { chain, rule } = fate;
  const place = `chain ${chain.name} of table ${chain.family} ${chain.table}`;
  const by = rule ? `its rule with handle ${rule.handle}` : "its policy, as no rule accepts it";
  return {
    severity: "error",
    what: `${place} drops what containers of ${name} ${isOut ? "send" : "are answered"}`,
    evidence: `${packetText(packet)} from ${packet.iif} to ${packet.oif}: ${by} (nft -a list chain ${chain.family} ${chain.table} ${chain.name})`,
    consequence: `containers of ${name} reach nothing beyond this machine${hasFirewall ? ", though the list has the plugin firewall" : ""}`,
    mend: acceptIn(chain, bridge),
  };
}

/** Before all other rules of the chain: what comes from the bridge, and what goes to it as an answer. */
function acceptIn(chain: ChainRules, bridge: string): string[] {
  const { family, table, name } = chain;
  if (name === "FORWARD" && table === "filter" && family !== "inet") {
    const tool = family === "ip" ? "iptables" : "ip6tables";
    return [
      command(tool, "-I", name, "-i", bridge, "-j", "ACCEPT"),
      command(
        tool,
        "-I",
        name,
        "-o",
        bridge,
        "-m",
        "conntrack",
        "--ctstate",
        "RELATED,ESTABLISHED,DNAT",
        "-j",
        "ACCEPT",
      ),
    ];
  }
  return [
    command("nft", "insert", "rule", family, table, name, "iifname", bridge, "accept"),
    `nft insert rule ${family} ${table} ${name} oifname ${bridge} ct state established,related accept`,
  ];
}

/** The old iptables, of which the rules are only looked at where there are none that might accept. */
function legacyFinding({ name }: NetworkFacts, bridge: string, { kernel, attachments }: Facts): Finding[] {
  const lines = kernel.legacyForward ?? [];
  if (!lines.includes("-P FORWARD DROP") || lines.some((line) => line.startsWith("-A FORWARD"))) return [];
  const sample = attachments.find(({ owner }) => owner.network === name)?.result?.ips[0]?.address.ip;
  return [
    {
      severity: "error",
      what: `the old iptables drops what containers of ${name} send`,
      evidence: `-P FORWARD DROP, and no rule (iptables-legacy -S FORWARD)${sample ? `; ${formatIp(sample)} goes through it` : ""}`,
      consequence: `containers of ${name} reach nothing beyond this machine`,
      mend: ["-i", "-o"].map((flag) => command("iptables-legacy", "-I", "FORWARD", flag, bridge, "-j", "ACCEPT")),
    },
  ];
}
