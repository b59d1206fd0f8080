import { equalIp, type Ip } from "../../base/ip.ts";
import { deleteFlow, type Flow } from "../../ct/flows.ts";
import type { Host } from "../../host/host.ts";
import type { Client } from "../../host/nft.ts";
import { concatenated, portBytes } from "../../nft/concat.ts";
import { getElements, listSets } from "../../nft/find-set.ts";
import type { Element, SetName } from "../../nft/objects.ts";
import { findRouteTo } from "../../rtnl/route.ts";
import { digestOfMap, mapsUnder } from "./nft-conditions.ts";
import { FAMILIES, type IpFamily, LAYOUTS, TABLE } from "./nft-layout.ts";
import { type Slot, targetOf, type Wanted } from "./nft-wanted.ts";
import { trackedBy } from "./udp-flows.ts";
import { PROTOCOLS } from "./wish.ts";

/**
 * A UDP client that keeps its port keeps its entry in conntrack, and the translation that its first packet met: to nowhere, or to
 * a container that is gone. So those entries are removed that a mapping that comes, or one that goes, is about.
 */

type Lookup = Pick<Host, "ask">;

/** Forgets the flows that new mappings would translate otherwise: the next packets meet them. Throws NetlinkError. */
export function forgetOthersFlows(client: Client, host: Lookup, { family, entries }: Wanted): void {
  for (const { slot: entry, port, flows: all } of trackedBy(client, family, entries)) {
    const target = targetOf(family, entry.data);
    const flows = all.filter(({ replySrc }) => !equalIp(replySrc, target));
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
  for (const family of FAMILIES) {
    const own = unmapped.filter((element) => familyOf(element) === family);
    for (const { slot, flows } of trackedBy(client, family, own)) {
      const target = targetOf(family, slot.data ?? new Uint8Array());
      forget(
        client,
        flows.filter(({ replySrc }) => equalIp(replySrc, target)),
      );
    }
  }
}

/**
 * Forgets the flows that went somewhere by ports that nobody here has mapped: by iptables, of which it is not known where to.
 * A dump of conntrack takes its time, however few flows there are. Throws NetlinkError.
 */
export function forgetStrayFlows(client: Client, host: Lookup, family: IpFamily, slots: readonly Slot[]): void {
  const { ports, addresses } = LAYOUTS[family];
  for (const { port, flows: all } of trackedBy(client, family, slots)) {
    const flows = all.filter(({ replySrc, dst }) => !equalIp(replySrc, dst));
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
