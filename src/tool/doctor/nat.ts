/** Translations of others that come before the plugins' own. */
import { endpoint } from "../../base/endpoint.ts";
import { equalIp, type Family, familyOf, type Ip } from "../../base/ip.ts";
import { type PortMapping, PROTOCOLS } from "../../features/port-map/wish.ts";
import type { Finding } from "../finding.ts";
import type { AttachmentFacts, ChainRules, Facts } from "./facts.ts";
import { FAMILIES, firstOfFamilies } from "./families.ts";
import { nameOf } from "./ports.ts";
import { NEW, outsideOf, type Packet } from "./ruleset/packet.ts";
import { type Fate, fateIn } from "./ruleset/walk.ts";
import { deletion, showing } from "./ruleset/words.ts";
import { uplinksOf } from "./uplinks.ts";

export function checkNat(facts: Facts): Finding[] {
  const live = facts.attachments.filter(({ life, result }) => life.is === "alive" && result);
  return [...checkSources(live, facts), ...live.flatMap((one) => checkPorts(one, facts))];
}

/** Berth's chains: srcnat + 1 and dstnat + 1, so that what users have comes first. */
const OWN_SOURCE = 101;
const OWN_DESTINATION = -99;

const TCP = 6;

/** Of all containers of a network that one rule gives another source, the first is told. */
function checkSources(live: readonly AttachmentFacts[], facts: Facts): Finding[] {
  const told = new Set<string>();
  return live.flatMap((attachment) => {
    const { owner, network, outer, result } = attachment;
    if (!network?.veth?.wishes.masquerade || !outer || !result) return [];
    return firstOfFamilies(result.ips.map(({ address }) => address.ip)).flatMap((from) => {
      const fate = sourceOf(from, network.bridge?.bridge ?? "", facts);
      const key = `${owner.network} ${fate && placeOf(fate)}`;
      if (!fate || told.has(key)) return [];
      told.add(key);
      return foreignSource(attachment, fate);
    });
  });
}

/** The rule of others that gives packets of a container a fixed source before it is masqueraded. */
function sourceOf(from: Ip, iif: string, facts: Facts): Fate | undefined {
  const [uplink] = uplinksOf(facts, familyOf(from));
  const packet: Packet = {
    iif,
    oif: uplink?.name ?? "eth0",
    from,
    to: outsideOf(from),
    protocol: TCP,
    port: 443,
    state: NEW,
    isLocal: false,
  };
  const first = firstAt("postrouting", OWN_SOURCE, packet, facts);
  return first?.action.does === "snat" ? first : undefined;
}

/** What decides of a packet in the chains of others at a hook that come before a priority; undefined: none does for sure. */
function firstAt(
  hook: "prerouting" | "postrouting",
  before: number,
  packet: Packet,
  { chains }: Facts,
): Fate | undefined {
  const family = packet.to.length === 4 ? "ip" : "ip6";
  const isEarlier = ({ base, family: own }: ChainRules) =>
    base?.type === "nat" && base.hook === hook && base.priority < before && (own === family || own === "inet");
  const earlier = chains.filter(isEarlier).sort((a, b) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0));
  for (const chain of earlier) {
    const fate = fateIn(chain, chains, packet);
    if (!fate.isSure) return undefined;
    if (["dnat", "snat", "masquerade", "drop"].includes(fate.action.does)) return fate;
  }
  return undefined;
}

const toText = ({ action }: Fate): string => {
  const to = "to" in action ? action.to : undefined;
  if (!to) return "another address";
  return endpoint(to.ip, to.port ?? 0);
};

const placeOf = ({ chain, rule }: Fate): string =>
  `${showing(chain)}, ${chain.legacy ? "number" : "handle"} ${rule?.handle}`;

const mendOf = ({ chain, rule }: Fate): string[] => (rule ? [deletion(chain, rule)] : []);

function foreignSource(attachment: AttachmentFacts, fate: Fate): Finding {
  return {
    severity: "error",
    what: `another's rule gives containers of network ${attachment.owner.network} the source address ${toText(fate)}`,
    evidence: `${nameOf(attachment)}: ${placeOf(fate)}`,
    consequence:
      "it comes before the masquerading of berth: where that address is not this machine's, no answer comes back",
    mend: ["# if it is not meant (who made it makes it again):", ...mendOf(fate)],
  };
}

function checkPorts(attachment: AttachmentFacts, facts: Facts): Finding[] {
  return attachment.mappings.flatMap((mapping) => {
    const [fate] = FAMILIES.flatMap((family) => hijackOf(attachment, mapping, family, facts) ?? []);
    if (!fate) return [];
    const port = `${mapping.hostPort}/${mapping.protocol}`;
    return {
      severity: "error" as const,
      what: `the published port ${port} of ${nameOf(attachment)} is taken by another's rule`,
      evidence: `it leads to ${toText(fate)}: ${placeOf(fate)}`,
      consequence: `who connects to port ${port} of this machine does not reach the container`,
      mend: ["# if it is not meant (who made it makes it again); else publish another port:", ...mendOf(fate)],
    };
  });
}

/** The rule of others that leads a port elsewhere that is published in a family. */
function hijackOf({ result }: AttachmentFacts, mapping: PortMapping, family: Family, facts: Facts): Fate | undefined {
  const { hostIp, hostPort, containerPort, protocol } = mapping;
  const isPublished = result?.ips.some(({ address }) => familyOf(address.ip) === family);
  if (!isPublished || (hostIp && familyOf(hostIp) !== family)) return undefined;
  const isAny = !hostIp || hostIp.every((byte) => byte === 0);
  const [uplink] = uplinksOf(facts, family);
  const own = facts.addrs.filter(({ scope, prefix }) => scope === 0 && familyOf(prefix.ip) === family);
  const to = isAny ? own.find(({ index }) => !uplink || index === uplink.index)?.prefix.ip : hostIp;
  if (!to) return undefined;
  const state = NEW;
  const iif = uplink?.name ?? "eth0";
  const packet: Packet = {
    iif,
    oif: "",
    from: outsideOf(to),
    to,
    protocol: PROTOCOLS[protocol],
    port: hostPort,
    state,
    isLocal: true,
  };
  const fate = firstAt("prerouting", OWN_DESTINATION, packet, facts);
  if (fate?.action.does !== "dnat") return undefined;
  const { to: target } = fate.action;
  // What the reference's portmap made for the very container.
  const leadsHere = target && result?.ips.some(({ address }) => equalIp(address.ip, target.ip));
  return leadsHere && (target.port ?? hostPort) === containerPort ? undefined : fate;
}
