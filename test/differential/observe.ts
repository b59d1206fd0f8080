/** What there is on one side after a call, with everything that is random or a matter of time put into words. */
import { readFileSync } from "node:fs";
import type { Json } from "../support/command.ts";
import type { Side } from "./side.ts";
import { filesUnder } from "./files.ts";
import { nameOfMac, Words } from "./words.ts";

export interface State {
  readonly host: Json;
  readonly containers: readonly Json[];
  readonly files: Record<string, string>;
}

/** Links as `ip -d -j addr` has them, and routes of all tables and both families. */
interface Raw {
  links: Json[];
  routes: Json[];
}

export function observe(side: Side): State {
  const host = look(side, side.host);
  const containers = side.containers.map((ns) => look(side, ns));
  nameLinks(side, host, containers);
  const words = new Words(side, [...host.links, ...containers.flatMap(({ links }) => links)]);
  return {
    host: { ...describe(side, host, words, ""), sysctls: sysctlsOf(side, side.host, host, words, true) },
    containers: containers.map((raw, i) => ({
      ...describe(side, raw, words, `c${i} `),
      sysctls: sysctlsOf(side, side.containers[i] ?? "", raw, words, false),
    })),
    files: filesUnder(side.store),
  };
}

function look(side: Side, ns: string): Raw {
  const stdin = Buffer.from("addr show\nroute show table all\n");
  const { stdout, exitCode } = side.lab.within(ns, () => Bun.spawnSync(["ip", "-d", "-j", "-batch", "-"], { stdin }));
  if (exitCode !== 0) throw new Error(`ip in ${ns} ended with ${exitCode}`);
  const [links = "[]", routes = "[]"] = stdout.toString().split("\n");
  return { links: JSON.parse(links || "[]"), routes: JSON.parse(routes || "[]") };
}

/** A host veth is called after the interface that it leads to. */
function nameLinks(side: Side, host: Raw, containers: readonly Raw[]): void {
  containers.forEach(({ links }, i) => {
    for (const { ifname, link_index } of links) {
      const peer = host.links.find((link) => link.ifindex === link_index && link.link_netnsid !== undefined);
      if (link_index && peer && /^veth[0-9a-f]{8}$/.test(peer.ifname)) side.names.set(peer.ifname, `port(c${i} ${ifname})`);
    }
  });
  for (const { ifname, link } of host.links) {
    if (link && /^veth[0-9a-f]{8}$/.test(ifname)) side.names.set(ifname, `port(host ${link})`);
  }
}

/** Depends on when one looks, or on the order of events in other namespaces. */
const VOLATILE = /^(ifindex|link_index|link_netnsid|link|address|addr_info|broadcast|permaddr|gso|tso|gro|linkinfo)/;
const VOLATILE_DATA = /timer|bridge_id|root_id|root_port|^id$|^no$|designated|topology|config_pending|root_path_cost|hello_time_/;

function describe(side: Side, { links, routes }: Raw, words: Words, where: string): Json {
  return {
    links: Object.fromEntries(links.map((link) => [words.name(link.ifname), linkOf(side, link, words, where)])),
    routes: Object.fromEntries(routes.filter(isLasting).map((route) => [routeText(route, words), true])),
  };
}

function linkOf(side: Side, link: Json, words: Words, where: string): Json {
  const plain = Object.fromEntries(Object.entries(link).filter(([key]) => !VOLATILE.test(key)));
  const { info_kind, info_data = {}, info_slave_data = {} } = link.linkinfo ?? {};
  const steady = (data: object) => Object.fromEntries(Object.entries(data).filter(([key]) => !VOLATILE_DATA.test(key)));
  return words.all({
    ...plain,
    flags: link.flags.join(" "),
    kind: info_kind ?? "",
    data: steady(info_data),
    port: steady(info_slave_data),
    mac: link.ifname === "lo" ? "" : macFacts(side, link, words, where),
    addresses: Object.fromEntries(link.addr_info.map(addressOf)),
  });
}

/** A random MAC address is described by what it equals and whether it has changed. */
function macFacts(side: Side, link: Json, words: Words, where: string): Json {
  const known = nameOfMac(link.address);
  const name = where + words.name(link.ifname);
  const before = side.macs.get(name);
  side.macs.set(name, link.address);
  if (known) return known;
  return { shared: words.linksWith(link.address).length > 1, changed: before !== undefined && before !== link.address };
}

function addressOf({ local, prefixlen, tentative: _, dadfailed, ...rest }: Json): [string, Json] {
  if (/^fe80:/.test(local)) return ["fe80::", true];
  return [`${local}/${prefixlen}`, { ...rest, ...(dadfailed && { dadfailed }) }];
}

/** Not the routes that the kernel itself makes for IPv6 addresses once they are not tentative any more. */
function isLasting({ dst, table, protocol, gateway }: Json): boolean {
  const v6 = String(dst).includes(":") || String(gateway ?? "").includes(":");
  return !(v6 && (table === "local" || /^(fe80|ff00):/.test(dst))) && protocol !== "ra";
}

function routeText(route: Json, words: Words): string {
  const { dev, nhid: _, nexthops, ...rest } = route;
  const via = nexthops?.map((hop: Json) => ({ ...hop, dev: words.name(hop.dev) }));
  return JSON.stringify({ ...rest, ...(dev && { dev: words.name(dev) }), ...(via && { nexthops: via }) });
}

const IPV6 = ["accept_dad", "accept_ra", "keep_addr_on_down", "disable_ipv6", "ndisc_notify", "forwarding", "enhanced_dad"];
const IPV4 = ["arp_notify", "forwarding", "proxy_arp", "rp_filter"];

function sysctlsOf(side: Side, ns: string, { links }: Raw, words: Words, isHost: boolean): Json {
  const read = (key: string): string => {
    try {
      return readFileSync(`/proc/sys/net/${key}`, "latin1").trim();
    } catch {
      return "none";
    }
  };
  return side.lab.within(ns, () => {
    const values: Record<string, string> = {
      ip_forward: read("ipv4/ip_forward"),
      "ipv6 all.forwarding": read("ipv6/conf/all/forwarding"),
      ...(!isHost && { "ipv6 all.disable_ipv6": read("ipv6/conf/all/disable_ipv6") }),
    };
    for (const { ifname } of links) {
      for (const key of IPV6) values[`ipv6 ${words.name(ifname)}.${key}`] = read(`ipv6/conf/${ifname}/${key}`);
      for (const key of IPV4) values[`ipv4 ${words.name(ifname)}.${key}`] = read(`ipv4/conf/${ifname}/${key}`);
    }
    return values;
  });
}
