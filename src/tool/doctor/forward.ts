/** Whether chains of others at the forward hook drop what containers send and get. */
import { familyOf, type Ip, nextIp } from "../../base/ip.ts";
import type { Finding } from "../finding.ts";
import type { AttachmentFacts, ChainRules, Facts, NetworkFacts } from "./facts.ts";
import { firstOfFamilies } from "./families.ts";
import { ESTABLISHED, NEW, outsideOf, type Packet, packetText } from "./ruleset/packet.ts";
import { type Assumed, type Fate, fateIn } from "./ruleset/walk.ts";
import { chainText, ruleText, showing } from "./ruleset/words.ts";
import { command } from "./text/shell.ts";
import { uplinksOf } from "./uplinks.ts";

const TCP = 6;
const HTTPS = 443;

export function checkForward(facts: Facts): Finding[] {
  return facts.networks.flatMap((network) => {
    const { bridge } = network;
    if (!bridge?.isGateway) return [];
    const drops = firstOfFamilies(samplesOf(network, facts)).flatMap((ip) => {
      return dropOf(bridge.bridge, ip, facts, assumedOf(network)) ?? [];
    });
    const placeOf = ({ fate }: Dropped) => fate.rule ?? fate.chain;
    // What drops both families is one finding.
    const distinct = drops.filter((one, i) => drops.findIndex((other) => placeOf(other) === placeOf(one)) === i);
    return distinct.map((drop) => findingOf(network, bridge.bridge, drop));
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
  const by = rule ? ruleText(chain, rule) : "its policy, as no rule accepts it";
  return {
    severity: "error",
    what: `${chainText(chain)} drops what containers of ${name} ${isOut ? "send" : "are answered"}`,
    evidence: `${packetText(packet)} from ${packet.iif} to ${packet.oif}: ${by} (${showing(chain)})`,
    consequence: `containers of ${name} reach nothing beyond this machine${hasFirewall ? ", though the list has the plugin firewall" : ""}`,
    mend: acceptIn(chain, bridge),
  };
}

/** Before all other rules of the chain: what comes from the bridge, and what goes to it as an answer. */
function acceptIn(chain: ChainRules, bridge: string): string[] {
  const { family, table, name } = chain;
  if (name === "FORWARD" && table === "filter" && family !== "inet") {
    const tool = chain.legacy?.tool ?? (family === "ip" ? "iptables" : "ip6tables");
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
