/** The bridges: what they need to carry containers. */
import { formatPrefix, type Prefix } from "../../base/ip.ts";
import { formatMac } from "../../base/mac.ts";
import { IFF_UP } from "../../rtnl/link.ts";
import type { Finding } from "../finding.ts";
import type { AttachmentFacts, Facts } from "./facts.ts";
import { type BridgeFacts, checkPorts } from "./ports.ts";
import { command } from "./text/shell.ts";

export function checkBridges(facts: Facts): Finding[] {
  const bridges = bridgesOf(facts);
  return bridges.flatMap((bridge) => [
    ...checkKind(bridge),
    ...checkUp(bridge),
    ...checkAddresses(bridge, facts),
    ...checkMac(bridge),
    ...checkPorts(bridge, facts),
  ]);
}

function bridgesOf({ networks, links, attachments }: Facts): BridgeFacts[] {
  const names = new Set(networks.flatMap(({ bridge }) => bridge?.bridge ?? []));
  return [...names].flatMap((name) => {
    const link = links.find((one) => one.name === name);
    const own = networks.filter(({ bridge }) => bridge?.bridge === name);
    const isOn = ({ life, network }: AttachmentFacts) => life.is === "alive" && network && own.includes(network);
    return link ? { link, networks: own, attachments: attachments.filter(isOn) } : [];
  });
}

const namesOf = ({ networks }: BridgeFacts): string => networks.map(({ name }) => name).join(", ");

function checkKind(bridge: BridgeFacts): Finding[] {
  const { name, kind } = bridge.link;
  if (kind === "bridge") return [];
  return [
    {
      severity: "error",
      what: `${name} is no bridge`,
      evidence: `it is ${kind || "a device"} (ip -d link show ${name})`,
      consequence: `no container gets into network ${namesOf(bridge)}`,
      mend: [
        `# choose another "bridge" for ${namesOf(bridge)}, or free the name:`,
        command("ip", "link", "set", name, "down"),
        command("ip", "link", "set", name, "name", `${name.slice(0, 12)}-x`),
      ],
    },
  ];
}

function checkUp(bridge: BridgeFacts): Finding[] {
  const { name, flags, kind } = bridge.link;
  if (kind !== "bridge" || flags & IFF_UP) return [];
  return [
    {
      severity: "error",
      what: `bridge ${name} is down`,
      evidence: `${name}: no UP among its flags (ip link show ${name})`,
      consequence: `containers of ${namesOf(bridge)} reach neither each other nor their gateway`,
      mend: [command("ip", "link", "set", name, "up"), ...routesAgain(bridge)],
    },
  ];
}

/** IPv6 addresses go when a link goes down. */
function routesAgain(bridge: BridgeFacts): string[] {
  const wanted = gatewaysOf(bridge).flat();
  const six = wanted.filter(({ ip }) => ip.length === 16);
  return six.map((gateway) =>
    command("ip", "-6", "addr", "replace", formatPrefix(gateway), "dev", bridge.link.name, "nodad"),
  );
}

/** For each address that a container gets, those of which the bridge must have one. Not where they are on an interface in a VLAN. */
function gatewaysOf({ networks }: BridgeFacts): Prefix[][] {
  return networks
    .filter(({ bridge }) => bridge?.isGateway && !bridge.vlans?.vlan)
    .flatMap(({ pool }) =>
      pool.map((set) => set.map(({ gateway, subnet }) => ({ ip: gateway, length: subnet.length }))),
    );
}

const SCOPE_LINK = 253;

function checkAddresses(bridge: BridgeFacts, { addrs }: Facts): Finding[] {
  const { link } = bridge;
  const own = addrs.filter(({ index, scope }) => index === link.index && scope !== SCOPE_LINK);
  const texts = new Set(own.map(({ prefix }) => formatPrefix(prefix)));
  return gatewaysOf(bridge).flatMap((choices) => {
    const [gateway] = choices;
    if (!gateway || choices.some((one) => texts.has(formatPrefix(one)))) return [];
    const inTheWay = own.filter(({ prefix }) => prefix.ip.length === 4 && gateway.ip.length === 4);
    if (inTheWay.length > 0)
      return foreignAddress(
        bridge,
        gateway,
        inTheWay.map(({ prefix }) => prefix),
      );
    return bridge.attachments.length > 0 && link.flags & IFF_UP ? noAddress(bridge, gateway, [...texts]) : [];
  });
}

function foreignAddress(bridge: BridgeFacts, gateway: Prefix, others: readonly Prefix[]): Finding {
  const { name } = bridge.link;
  const list = others.map(formatPrefix).join(", ");
  const wanted = formatPrefix(gateway);
  return {
    severity: "error",
    what: `bridge ${name} has another address than its network's gateway`,
    evidence: `it has ${list}, and ${wanted} is the gateway of ${namesOf(bridge)} (ip addr show ${name})`,
    consequence: `an ADD fails ("${name}" already has an IP address different from ${wanted}), and containers do not reach their gateway`,
    mend: [
      ...others.map((other) => command("ip", "addr", "del", formatPrefix(other), "dev", name)),
      command("ip", "addr", "replace", wanted, "brd", "+", "dev", name),
    ],
  };
}

function noAddress(bridge: BridgeFacts, gateway: Prefix, has: readonly string[]): Finding {
  const { name } = bridge.link;
  const wanted = formatPrefix(gateway);
  const words = gateway.ip.length === 4 ? ["brd", "+", "dev", name] : ["dev", name, "nodad"];
  return {
    severity: "error",
    what: `bridge ${name} lacks the gateway's address ${wanted}`,
    evidence: `it has ${has.join(", ") || "no address"}, and ${bridge.attachments.length} containers on it (ip addr show ${name})`,
    consequence: `containers of ${namesOf(bridge)} reach nothing beyond the bridge`,
    mend: [command("ip", "addr", "replace", wanted, ...words)],
  };
}

function checkMac({ link, attachments }: BridgeFacts): Finding[] {
  const known = attachments.map(
    ({ result }) => result?.interfaces.find((one) => one.name === link.name && !one.sandbox)?.mac,
  );
  const macs = new Set(known.flatMap((mac) => mac?.toLowerCase() ?? []));
  const now = formatMac(link.mac);
  const [then] = macs;
  // Of a bridge that was made anew, older containers know another.
  if (macs.size !== 1 || then === undefined || then === now) return [];
  return [
    {
      severity: "error",
      what: `bridge ${link.name} has another MAC address than when its containers were attached`,
      evidence: `it is ${now}, and the results of ADD say ${then} (ip link show ${link.name})`,
      consequence: "containers send to the old one until they ask again, which takes up to minutes; CHECK fails",
      mend: [command("ip", "link", "set", link.name, "address", then)],
    },
  ];
}
