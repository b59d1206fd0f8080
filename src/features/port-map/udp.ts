import { equalIp, type Ip } from "../../base/ip.ts";
import { deleteFlow, type Flow, listFlows } from "../../ct/flows.ts";
import type { Host } from "../../host/host.ts";
import type { Client } from "../../host/nft.ts";
import { concatenated, partsOf, portBytes, portOf } from "../../nft/concat.ts";
import { getElements, listSets } from "../../nft/find-set.ts";
import type { Element, SetName } from "../../nft/objects.ts";
import { findRouteTo } from "../../rtnl/route.ts";
import { digestOfMap, mapsUnder } from "./nft-conditions.ts";
import { type IpFamily, LAYOUTS, TABLE } from "./nft-layout.ts";
import { type Slot, targetOf, type Wanted } from "./nft-wanted.ts";
import { PROTOCOLS } from "./wish.ts";

/**
 * A UDP client that keeps its port keeps its entry in conntrack, and the translation that its first packet met: to nowhere, or to
 * a container that is gone. So those entries are removed that a mapping that comes, or one that goes, is about.
 */

type Lookup = Pick<Host, "ask">;

/** Forgets the flows that new mappings would translate otherwise: the next packets meet them. Throws NetlinkError. */
export function forgetOthersFlows(client: Client, host: Lookup, { family, entries }: Wanted): void {
  for (const entry of entries) {
    const port = udpPort(family, entry);
    if (!port) continue;
    const target = targetOf(family, entry.data);
    const flows = flowsTo(client, family, port).filter(({ replySrc }) => !equalIp(replySrc, target));
    if (flows.length === 0) continue;
    const hosts = distinct(flows.map(({ dst }) => dst)).filter((dst) => isOwn(host, dst));
    const digest = digestOfMap(entry.set);
    const { addresses } = mapsUnder(family, digest);
    const mine = port.hostIp ? hosts : withoutOwnMapping(client, family, addresses, port.port, hosts);
    const others = digest === undefined ? targetsUnderConditions(client, family, port.port, mine) : [];
    const isOf = (ips: readonly Ip[], ip: Ip) => ips.some((one) => equalIp(one, ip));
    forget(
      client,
      flows.filter(({ dst, replySrc }) => isOf(mine, dst) && !isOf(others, replySrc)),
    );
  }
}

/** Where the port of some hosts leads under conditions: what goes there goes before mappings under none. */
function targetsUnderConditions(client: Client, family: IpFamily, port: number, hosts: readonly Ip[]): Ip[] {
  const digests = new Set(listSets(client, family, TABLE).flatMap((set) => digestOfMap(set) ?? []));
  const key = [Uint8Array.of(PROTOCOLS.udp), portBytes(port)];
  const ofHosts = hosts.map((ip) => concatenated(ip, ...key));
  const found = [...digests].flatMap((digest) => {
    const { ports, addresses } = mapsUnder(family, digest);
    return [
      ...getElements(client, family, TABLE, ports, [concatenated(...key)]),
      ...getElements(client, family, TABLE, addresses, ofHosts),
    ];
  });
  return found.flatMap((element) => (element?.data ? [targetOf(family, element.data)] : []));
}

/** Forgets the flows that go to containers by mappings that are gone. Throws NetlinkError. */
export function forgetFlows(client: Client, unmapped: readonly Element[]): void {
  for (const element of unmapped) {
    const family = familyOf(element);
    const port = udpPort(family, element);
    if (!port) continue;
    const target = targetOf(family, element.data ?? new Uint8Array());
    forget(
      client,
      flowsTo(client, family, port).filter(({ replySrc }) => equalIp(replySrc, target)),
    );
  }
}

/**
 * Forgets the flows that went somewhere by ports that nobody here has mapped: by iptables, of which it is not known where to.
 * A dump of conntrack takes its time, however few flows there are. Throws NetlinkError.
 */
export function forgetStrayFlows(client: Client, host: Lookup, family: IpFamily, slots: readonly Slot[]): void {
  const { ports, addresses } = LAYOUTS[family];
  for (const slot of slots) {
    const port = udpPort(family, slot);
    if (!port) continue;
    const flows = flowsTo(client, family, port).filter(({ replySrc, dst }) => !equalIp(replySrc, dst));
    const hosts = distinct(flows.map(({ dst }) => dst)).filter((dst) => isOwn(host, dst));
    const anyKey = concatenated(Uint8Array.of(PROTOCOLS.udp), portBytes(port.port));
    const [mapped] = hosts.length > 0 ? getElements(client, family, TABLE, ports, [anyKey]) : [];
    const stray = mapped ? [] : withoutOwnMapping(client, family, addresses, port.port, hosts);
    forget(
      client,
      flows.filter(({ dst }) => stray.some((one) => equalIp(one, dst))),
    );
  }
}

/** The family of a mapping, by what it leads to. */
function familyOf({ data = new Uint8Array() }: Element): IpFamily {
  return data.length > 8 ? "ip6" : "ip";
}

interface UdpPort {
  readonly port: number;
  /** Absent: of all addresses. */
  readonly hostIp?: Ip;
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

function flowsTo(client: Client, family: IpFamily, { port, hostIp }: UdpPort): Flow[] {
  const filter = { family: family === "ip" ? 4 : 6, protocol: PROTOCOLS.udp, dstPort: port } as const;
  return listFlows(client, { ...filter, ...(hostIp && { dst: hostIp }) });
}

/** Whether an address is the machine's: what goes elsewhere is not translated. */
function isOwn(host: Lookup, ip: Ip): boolean {
  return host.ask((rtnl) => findRouteTo(rtnl, ip))?.isLocal ?? false;
}

/** Those of `hosts` of which the port does not lead somewhere else. */
function withoutOwnMapping(
  client: Client,
  family: IpFamily,
  addresses: SetName,
  port: number,
  hosts: readonly Ip[],
): Ip[] {
  const keys = hosts.map((ip) => concatenated(ip, Uint8Array.of(PROTOCOLS.udp), portBytes(port)));
  const found = getElements(client, family, TABLE, addresses, keys);
  return hosts.filter((_, i) => !found[i]);
}

function distinct(ips: readonly Ip[]): Ip[] {
  return [...new Map(ips.map((ip) => [ip.join(), ip])).values()];
}

function forget(client: Client, flows: readonly Flow[]): void {
  for (const failure of client.attempt(flows.map(deleteFlow))) if (failure) throw failure;
}
