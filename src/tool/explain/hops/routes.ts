import { equalIp, formatIp, formatPrefix, type Ip } from "../../../base/ip.ts";
import { formatMac, type Mac } from "../../../base/mac.ts";
import { IFF_LOWER_UP, IFF_UP } from "../../../rtnl/link.ts";
import { type Facts, hostSide, inside } from "../facts.ts";
import { broken, type Hop, ok, unknown } from "../hop.ts";
import { wayOf } from "../look.ts";
import { routeMend } from "./cable.ts";

/** Where the container and the host send a packet, and whether they know whom to send it to. */

const ROUTE = "container's route";

/** One that leads to the aim over the container's interface. */
export function routeHop(facts: Facts): Hop {
  const { wayOut, aim, subject, cable } = facts;
  if (!wayOut || !cable.end) return unknown(ROUTE, "without an interface there is none");
  const to = formatIp(aim.to);
  const show = inside(facts, `ip route get ${to}`);
  if (!("way" in wayOut)) {
    const mend = routeMend(facts);
    return broken(ROUTE, {
      what: `the container has no route to ${to}`,
      evidence: `${wayOut.refused} (${show})`,
      consequence: "the container's own kernel refuses to send",
      mend,
    });
  }
  const { way } = wayOut;
  if (way.isLocal) return ok(ROUTE, `${to} is the container's own address`);
  if (way.oif !== cable.end.index) {
    return ok(
      ROUTE,
      `${to} goes out of another interface than ${subject.ifname}: that one is to be explained (${show})`,
    );
  }
  return ok(ROUTE, way.gateway ? `${to} via ${formatIp(way.gateway)}` : `${to} is on the link`);
}

const isMac = (a: Mac, b: Mac): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Two isolated ports of a bridge do not see each other: the network is so configured. */
function isolationText({ cable, hostAddresses }: Facts, next: Ip): string {
  const isHosts = hostAddresses.some(({ ip }) => equalIp(ip, next));
  const isolated = cable.hostEnd?.port?.isolated && !isHosts;
  return isolated ? `; port ${cable.hostEnd?.name} is isolated from others that are (bridge -d link show)` : "";
}

/** That the container's next hop answers, and is who it should be. */
export function neighbourHop(facts: Facts): Hop {
  const name = "neighbour";
  const { next, neigh, subject } = facts;
  if (!next) return unknown(name, "without a route there is nobody to ask for");
  if (!facts.isConnected) return unknown(name, "not asked for: the links between are not up");
  const address = formatIp(next);
  const show = inside(facts, `ip neigh get ${address} dev ${subject.ifname}`);
  const mend = [inside(facts, `ip neigh flush to ${address} dev ${subject.ifname}`)];
  if (!neigh?.mac) {
    return broken(name, {
      what: `${address} does not answer the container (neighbour ${neigh?.state ?? "none"})`,
      evidence: `asked just now: ${neigh?.state ?? "none"} (${show})${isolationText(facts, next)}`,
      consequence: "the container cannot send it a single packet",
      mend,
    });
  }
  const side = hostSide(facts);
  const isHosts = facts.hostAddresses.some(({ ip }) => equalIp(ip, next));
  if (side && isHosts && !isMac(neigh.mac, side.mac)) {
    return broken(name, {
      what: `the container sends to ${formatMac(neigh.mac)} for its gateway ${address}, which is ${formatMac(side.mac)}`,
      evidence: `${address} lladdr ${formatMac(neigh.mac)} ${neigh.state.toUpperCase()} (${show})`,
      consequence: `what the container sends reaches nobody: ${side.name} does not take it`,
      mend: neigh.state === "permanent" ? [mend[0]?.replace(" flush to ", " del ") ?? ""] : mend,
    });
  }
  return ok(name, `${address} is ${formatMac(neigh.mac)}${side && isHosts ? `, ${side.name}` : ""}`);
}

/** That the host finds the container behind its address. */
export function backHop(facts: Facts): Hop {
  const name = "way back";
  const { addresses, wayBack, hostNeigh, cable } = facts;
  const [address] = addresses;
  const side = hostSide(facts);
  if (!address || !wayBack || !side || !cable.end) return unknown(name, "there is no address to come back to");
  if (!facts.isConnected) return unknown(name, "not asked for: the links between are not up");
  const ip = formatIp(address.ip);
  const way = wayOf(wayBack);
  if (!way || way.oif !== side.index) return astray(facts, address.ip, side.name);
  const show = `ip neigh get ${ip} dev ${side.name}`;
  const mend = [`ip neigh flush to ${ip} dev ${side.name}`];
  if (!hostNeigh?.mac) {
    return broken(name, {
      what: `the container does not answer for its address ${ip}`,
      evidence: `asked just now on ${side.name}: ${hostNeigh?.state ?? "none"} (${show})`,
      consequence: "no answer and no published port reaches the container",
      mend,
    });
  }
  if (!isMac(hostNeigh.mac, cable.end.mac)) {
    return broken(name, {
      what: `${ip} is ${formatMac(hostNeigh.mac)} to the host, and not the container's ${formatMac(cable.end.mac)}`,
      evidence: `${ip} lladdr ${formatMac(hostNeigh.mac)} ${hostNeigh.state.toUpperCase()} (${show})`,
      consequence: "answers go to another interface: a second owner of the address, or an old entry",
      mend: hostNeigh.state === "permanent" ? [`ip neigh del ${ip} dev ${side.name}`] : mend,
    });
  }
  return ok(name, `${ip} is ${formatMac(hostNeigh.mac)} on ${side.name}`);
}

function astray(facts: Facts, ip: Ip, side: string): Hop {
  const { wayBack, filtering } = facts;
  const refused = wayBack && "refused" in wayBack ? wayBack.refused : undefined;
  const address = formatIp(ip);
  const strict = filtering?.value === 1;
  return broken(strict ? "rp_filter" : "way back", {
    what: `the host's route to ${address} does not lead over ${side}${strict ? ", and rp_filter is strict" : ""}`,
    evidence: `${refused ?? "another interface"} (ip route get ${address})${strict ? `, ${filtering.key.replaceAll("/", ".")} = 1` : ""}`,
    consequence: strict ? "the host drops what comes from the container" : "answers do not come back to the container",
    mend: [`ip route replace ${formatPrefix({ ip, length: 8 * ip.length })} dev ${side}`],
  });
}

/** That the host takes the packet and knows where to send it. Undefined where it is for the host itself, or stays on the bridge. */
export function forwardingHop(facts: Facts): Hop | undefined {
  const { aim, forwards, hostWay, filtering, addresses, next } = facts;
  const name = "host's route";
  const side = hostSide(facts);
  const [address] = addresses;
  if (!side || !hostWay || !address || (next && equalIp(next, aim.to))) return undefined;
  const way = wayOf(hostWay);
  if (way?.isLocal) return undefined;
  const show = `ip route get ${formatIp(aim.to)} from ${formatIp(address.ip)} iif ${side.name}`;
  if (!forwards) return notForwarding(facts, show);
  if (way)
    return ok(
      name,
      `${way.gateway ? `via ${formatIp(way.gateway)} ` : ""}over ${facts.uplink?.name ?? way.oif} (${show})`,
    );
  const refused = "refused" in hostWay ? hostWay.refused : "";
  const unfiltered = filtering?.value !== 1;
  return broken(name, {
    what: `the host has no route for the container's packets to ${formatIp(aim.to)}`,
    evidence: `${refused} (${show})${unfiltered ? "" : `, ${filtering.key.replaceAll("/", ".")} = 1`}`,
    consequence: "the host drops them: it needs a default route itself, or a route there",
    mend: [],
  });
}

function notForwarding({ aim }: Facts, show: string): Hop {
  const key = aim.to.length === 4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
  return broken("forwarding", {
    what: `the host does not forward packets: ${key} is 0`,
    evidence: `${key} = 0 (${show})`,
    consequence: "no container reaches anything but its host",
    mend: [`sysctl -w ${key}=1`],
  });
}

/** That what leaves the host has an interface to leave by. Undefined where nothing does. */
export function uplinkHop({ hostWay, uplink, uplinkNeigh }: Facts): Hop | undefined {
  const name = "uplink";
  const way = hostWay && wayOf(hostWay);
  if (!way || way.isLocal || !uplink) return undefined;
  const gateway = way.gateway ? `, gateway ${formatIp(way.gateway)} ${uplinkNeigh?.state ?? "not asked for yet"}` : "";
  if (!(uplink.flags & IFF_UP) || !(uplink.flags & IFF_LOWER_UP)) {
    return broken(name, {
      what: `the uplink ${uplink.name} has no carrier`,
      evidence: `${uplink.name}: state ${uplink.operstate.toUpperCase()} (ip link show ${uplink.name})`,
      consequence: "nothing leaves this machine",
      mend: uplink.flags & IFF_UP ? [] : [`ip link set ${uplink.name} up`],
    });
  }
  if (way.gateway && uplinkNeigh?.state === "failed") {
    return broken(name, {
      what: `the host's own gateway ${formatIp(way.gateway)} does not answer`,
      evidence: `neighbour failed (ip neigh get ${formatIp(way.gateway)} dev ${uplink.name})`,
      consequence: "nothing leaves this machine, of containers or of the host",
      mend: [],
    });
  }
  return ok(name, `${uplink.name} is up${gateway}`);
}
