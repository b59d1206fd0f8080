import { equalIp, type Ip } from "../../base/ip.ts";
import { countFlows, type Flow, listFlows } from "../../ct/flows.ts";
import type { Client } from "../../host/nft.ts";
import { partsOf, portOf } from "../../nft/concat.ts";
import { digestOfMap, mapsUnder } from "./nft-conditions.ts";
import type { IpFamily } from "./nft-layout.ts";
import type { Slot } from "./nft-wanted.ts";
import { PROTOCOLS } from "./wish.ts";

/** A slot of a UDP port, and the connections to it. */
export interface Tracked<S extends Slot> {
  readonly slot: S;
  readonly port: UdpPort;
  readonly flows: readonly Flow[];
}

export interface UdpPort {
  readonly port: number;
  /** Absent: of all addresses. */
  readonly hostIp?: Ip;
}

/**
 * How many flows are read in the time of a dump that gives none, for which the kernel goes through its whole hash table: 4 ms
 * of a table of 262,144, as machines with more than 4 GiB have it.
 */
const FLOWS_OF_A_DUMP = 500;

/** Those of the slots that are UDP ports, with their flows: by one dump for all, or for each where that is less to read. Throws NetlinkError. */
export function trackedBy<S extends Slot>(client: Client, family: IpFamily, slots: readonly S[]): Tracked<S>[] {
  const udp = slots.flatMap((slot) => {
    const port = udpPort(family, slot);
    return port ? [{ slot, port }] : [];
  });
  const flowsTo = isQuickerAtOnce(client, udp.length)
    ? flowsOfAll(client, family)
    : (port: UdpPort) => flowsOfOne(client, family, port);
  return udp.map(({ slot, port }) => ({ slot, port, flows: flowsTo(port) }));
}

function isQuickerAtOnce(client: Client, ports: number): boolean {
  return ports > 1 && (countFlows(client) ?? Number.POSITIVE_INFINITY) < (ports - 1) * FLOWS_OF_A_DUMP;
}

function flowsOfOne(client: Client, family: IpFamily, { port, hostIp }: UdpPort): Flow[] {
  return listFlows(client, { ...filterOf(family), dstPort: port, ...(hostIp && { dst: hostIp }) });
}

function flowsOfAll(client: Client, family: IpFamily): (port: UdpPort) => Flow[] {
  const byPort = new Map<number, Flow[]>();
  for (const flow of listFlows(client, filterOf(family))) {
    const others = byPort.get(flow.dstPort);
    if (others) others.push(flow);
    else byPort.set(flow.dstPort, [flow]);
  }
  return ({ port, hostIp }) => (byPort.get(port) ?? []).filter(({ dst }) => !hostIp || equalIp(dst, hostIp));
}

function filterOf(family: IpFamily) {
  return { family: family === "ip" ? 4 : 6, protocol: PROTOCOLS.udp } as const;
}

/** Undefined for a slot of another protocol. */
function udpPort(family: IpFamily, { set, key }: Slot): UdpPort | undefined {
  const { ports, addresses } = mapsUnder(family, digestOfMap(set));
  const isAny = set.name === ports.name;
  const parts = partsOf(isAny ? PORT_TYPES : [...ADDRESS_TYPES[family], ...PORT_TYPES], key);
  const [protocol, port] = parts.slice(-2);
  if (protocol?.[0] !== PROTOCOLS.udp || !port) return undefined;
  const hostIp = set.name === addresses.name ? parts[0] : undefined;
  return { port: portOf(port), ...(hostIp && { hostIp }) };
}

const PORT_TYPES = ["inet_proto", "inet_service"] as const;
const ADDRESS_TYPES = { ip: ["ipv4_addr"], ip6: ["ipv6_addr"] } as const;
