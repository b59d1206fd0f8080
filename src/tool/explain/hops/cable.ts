import { equalIp, formatIp, formatPrefix, type Ip, type Prefix, prefixContains } from "../../../base/ip.ts";
import type { PortState } from "../../../rtnl/find-port.ts";
import { IFF_LOWER_UP, IFF_UP } from "../../../rtnl/link.ts";
import type { Link } from "../../../rtnl/read-link.ts";
import { type Facts, hostSide, inside } from "../facts.ts";
import { broken, doubtful, type Hop, ok, unknown } from "../hop.ts";

/** The interfaces that a packet goes over, from the container to the host. */

const INTERFACE = "container's interface";
const HOST_END = "host's end";
const BRIDGE = "bridge";

const isUp = (link: Link): boolean => (link.flags & IFF_UP) !== 0;
const hasCarrier = (link: Link): boolean => (link.flags & IFF_LOWER_UP) !== 0;

/** There, up and with its address. */
export function interfaceHop(facts: Facts): Hop {
  const { subject, cable, addresses, aim } = facts;
  const { ifname, netns } = subject;
  const { end } = cable;
  if (!end) {
    return broken(INTERFACE, {
      what: `interface ${ifname} is not in the container's namespace`,
      evidence: `${netns} has no ${ifname} (${inside(facts, "ip link")})`,
      consequence:
        "the container has no network; an interface cannot be put back into it: have its runtime make it anew",
      mend: [],
    });
  }
  if (!isUp(end)) {
    return broken(INTERFACE, {
      what: `interface ${ifname} of the container is down`,
      evidence: `${ifname}: state ${end.operstate.toUpperCase()} (${inside(facts, `ip link show ${ifname}`)})`,
      consequence: "the container sends and receives nothing, and its routes over it are gone",
      mend: [inside(facts, `ip link set ${ifname} up`), ...routeMend(facts)],
    });
  }
  const wanted = subject.expected.addresses.filter(({ ip }) => ip.length === aim.to.length);
  const missing = wanted.find(({ ip }) => !addresses.some((has) => equalIp(has.ip, ip)));
  if (missing || addresses.length === 0) return withoutAddress(facts, missing);
  const text = `${ifname} is up, ${addresses.map(formatPrefix).join(", ")}, mtu ${end.mtu}`;
  return ok(INTERFACE, text);
}

function withoutAddress(facts: Facts, missing: Prefix | undefined): Hop {
  const { ifname } = facts.subject;
  const family = facts.aim.to.length === 4 ? "IPv4" : "IPv6";
  const has = facts.addresses.map(formatPrefix).join(", ") || `no ${family} address`;
  return broken(INTERFACE, {
    what: missing
      ? `interface ${ifname} of the container lacks its address ${formatPrefix(missing)}`
      : `interface ${ifname} of the container has no ${family} address`,
    evidence: `${ifname}: ${has} (${inside(facts, `ip addr show ${ifname}`)})`,
    consequence: "nobody can answer the container, and its routes may be gone",
    mend: missing ? [inside(facts, `ip addr add ${formatPrefix(missing)} dev ${ifname}`), ...routeMend(facts)] : [],
  });
}

/** Brings back the default route through the gateway that the ADD gave, or that the host's side has. */
export function routeMend(facts: Facts): string[] {
  const gateway = gatewayOf(facts);
  const family = facts.aim.to.length === 4 ? "" : "-6 ";
  if (!gateway) return [];
  return [inside(facts, `ip ${family}route replace default via ${formatIp(gateway)} dev ${facts.subject.ifname}`)];
}

/** Undefined where nothing says which. */
export function gatewayOf({ subject, aim, hostAddresses, addresses }: Facts): Ip | undefined {
  const given = subject.expected.gateways.find((ip) => ip.length === aim.to.length);
  const networks = [...addresses, ...subject.expected.addresses];
  return given ?? hostAddresses.find(({ ip }) => networks.some((network) => prefixContains(network, ip)))?.ip;
}

/** There, up, and a forwarding port of its bridge. */
export function hostEndHop(facts: Facts): Hop {
  const { cable, subject } = facts;
  const { end, hostEnd, bridge, portState } = cable;
  if (!hostEnd) {
    return end && end.kind !== "veth"
      ? unknown(HOST_END, `${subject.ifname} is a ${end.kind || "physical"} link: it has no other end on the host`)
      : unknown(HOST_END, "the other end of the container's veth pair is not in this namespace");
  }
  if (!isUp(hostEnd)) {
    return broken(HOST_END, {
      what: `${hostEnd.name}, the host's end of ${subject.ifname}, is down`,
      evidence: `${hostEnd.name}: state ${hostEnd.operstate.toUpperCase()} (ip link show ${hostEnd.name})`,
      consequence: "the container's interface has no carrier",
      mend: [`ip link set ${hostEnd.name} up`],
    });
  }
  const wanted = subject.expected.bridge;
  if (!bridge && wanted !== undefined) return detached(hostEnd, wanted);
  if (bridge && isUp(bridge) && portState !== "forwarding") return closedPort(hostEnd.name, bridge.name, portState);
  const port = hostEnd.port ? `, hairpin ${onOff(hostEnd.port.hairpin)}, isolated ${onOff(hostEnd.port.isolated)}` : "";
  const place = bridge ? `${portState} port of ${bridge.name}${port}` : "routed, no port of a bridge";
  return ok(HOST_END, `${hostEnd.name} is up, ${place}`);
}

function detached({ name }: Link, bridge: string): Hop {
  return broken(HOST_END, {
    what: `${name} is not a port of bridge ${bridge}`,
    evidence: `${name} has no master (ip link show ${name})`,
    consequence: `the container reaches neither its gateway nor the others on ${bridge}`,
    mend: [`ip link set ${name} master ${bridge}`],
  });
}

/** A bridge that is down has no port that forwards. */
function closedPort(name: string, bridge: string, state: PortState | undefined): Hop {
  const byTree = state === "listening" || state === "learning";
  return broken(HOST_END, {
    what: `port ${name} of bridge ${bridge} is ${state ?? "in no state"}`,
    evidence: `${name}: state ${state ?? "unknown"} (bridge -d link show dev ${name})`,
    consequence: `the bridge drops what the container sends${byTree ? ", until the spanning tree lets it through" : ""}`,
    mend: [
      ...(byTree ? [`ip link set ${bridge} type bridge stp_state 0`] : []),
      `ip link set ${name} down`,
      `ip link set ${name} up`,
    ],
  });
}

const onOff = (value: boolean): string => (value ? "on" : "off");

/** Up, with the address that is the containers' gateway. Undefined where there is none. */
export function bridgeHop(facts: Facts): Hop | undefined {
  const { subject, hostAddresses, next } = facts;
  const side = hostSide(facts);
  if (!side || (!facts.cable.bridge && subject.expected.bridge !== undefined)) return undefined;
  if (!isUp(side)) {
    return broken(BRIDGE, {
      what: `bridge ${side.name} is down`,
      evidence: `${side.name}: state ${side.operstate.toUpperCase()} (ip link show ${side.name})`,
      consequence: "no container on it reaches its gateway",
      mend: [`ip link set ${side.name} up`],
    });
  }
  const gateway = subject.expected.gateways.find((ip) => ip.length === facts.aim.to.length);
  const wanted = next && gateway && equalIp(next, gateway) ? gateway : undefined;
  if (wanted && !hostAddresses.some(({ ip }) => equalIp(ip, wanted))) return withoutGateway(facts, side, wanted);
  if (!facts.cable.bridge) return undefined;
  const mtu = `mtu ${side.mtu}${hasCarrier(side) ? "" : ", no carrier"}`;
  return ok(BRIDGE, `${side.name} is up, ${hostAddresses.map(formatPrefix).join(", ") || "no address"}, ${mtu}`);
}

/** The host may have the gateway's address elsewhere only where it is no bridge's. */
function withoutGateway(facts: Facts, { name }: Link, gateway: Ip): Hop | undefined {
  if (!facts.cable.bridge) return undefined;
  const network = facts.subject.expected.addresses.find((prefix) => prefixContains(prefix, gateway));
  const prefix = formatPrefix({ ip: gateway, length: network?.length ?? 8 * gateway.length });
  return broken(BRIDGE, {
    what: `bridge ${name} lacks the gateway's address ${formatIp(gateway)}`,
    evidence: `${name}: ${facts.hostAddresses.map(formatPrefix).join(", ") || "no address"} (ip addr show ${name})`,
    consequence: "nobody answers when the containers ask for their gateway",
    mend: [`ip addr add ${prefix} dev ${name}`],
  });
}

/** That the ends agree, and that what the container sends in one piece fits the uplink. */
export function mtuHop(facts: Facts): Hop {
  const { end, hostEnd } = facts.cable;
  const name = "MTU";
  if (!end || !hostEnd) return unknown(name, "one end is not there");
  const mend = (mtu: number) => [inside(facts, `ip link set ${facts.subject.ifname} mtu ${mtu}`)];
  if (end.mtu > hostEnd.mtu) {
    return broken(name, {
      what: `the MTU of ${facts.subject.ifname} is ${end.mtu}, that of its other end ${hostEnd.name} ${hostEnd.mtu}`,
      evidence: `mtu ${end.mtu} and ${hostEnd.mtu} (ip link show ${hostEnd.name})`,
      consequence: `packets of more than ${hostEnd.mtu} bytes are lost without a word: connections open, and then hang`,
      mend: mend(hostEnd.mtu),
    });
  }
  const { uplink } = facts;
  if (uplink && uplink.mtu < end.mtu) {
    return doubtful(name, {
      what: `the MTU of ${facts.subject.ifname} is ${end.mtu}, that of the uplink ${uplink.name} ${uplink.mtu}`,
      evidence: `mtu ${end.mtu} and ${uplink.mtu} (ip link show ${uplink.name})`,
      consequence: "large packets depend on ICMP coming through, in both directions: without it connections hang",
      mend: mend(uplink.mtu),
    });
  }
  return ok(
    name,
    [`${end.name} ${end.mtu}`, `${hostEnd.name} ${hostEnd.mtu}`, uplink && `${uplink.name} ${uplink.mtu}`]
      .filter(Boolean)
      .join(", "),
  );
}
