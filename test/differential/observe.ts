/** What there is on one side after a call, with everything that is random or a matter of time put into words. */
import { readFileSync } from "node:fs";
import type { Json } from "../support/command.ts";
import { type Case, hasPlugin } from "./case.ts";
import { filesUnder } from "./files.ts";
import { filterOf } from "./filter.ts";
import { mappedPorts } from "./mapped-ports.ts";
import type { Side } from "./side.ts";
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
  /** Queueing disciplines as `tc -d -j qdisc` has them; looked at only where a link has one of its own. */
  qdiscs: Json[];
}

/** What is seen at one moment. */
export interface Look {
  readonly state: State;
  /** The words of that moment. */
  readonly words: Words;
  /** Makes it the moment that the next look compares MAC addresses with. */
  remember(): void;
}

/** With portmap, where ports lead to is seen too, with firewall the table filter. */
export function observe(side: Side, one: Case): Look {
  const host = look(side, side.host);
  const containers = side.containers.map((ns) => look(side, ns));
  nameLinks(side, host, containers);
  const words = new Words(side, [...host.links, ...containers.flatMap(({ links }) => links)]);
  const macs = new Map<string, string>();
  const state = {
    host: {
      ...describe(side, side.host, host, words, "", macs),
      ...(hasPlugin(one, "portmap") && mappedPorts(side)),
      ...(hasPlugin(one, "firewall") && { filter: words.all(filterOf(side)) }),
    },
    containers: containers.map((raw, i) => describe(side, side.containers[i] ?? "", raw, words, `c${i} `, macs)),
    files: words.all(filesUnder(side.store)),
  };
  const remember = () => {
    side.macs.clear();
    for (const [name, mac] of macs) side.macs.set(name, mac);
  };
  return { state, words, remember };
}

function look(side: Side, ns: string): Raw {
  const stdin = Buffer.from("addr show\nroute show table all\n");
  const { stdout, exitCode } = side.lab.within(ns, () => Bun.spawnSync(["ip", "-d", "-j", "-batch", "-"], { stdin }));
  if (exitCode !== 0) throw new Error(`ip in ${ns} ended with ${exitCode}`);
  const [links = "[]", routes = "[]"] = stdout.toString().split("\n");
  const raw = { links: JSON.parse(links || "[]"), routes: JSON.parse(routes || "[]") };
  return { ...raw, qdiscs: raw.links.some(isShaped) ? qdiscsOf(side, ns) : [] };
}

const isShaped = ({ qdisc, linkinfo }: Json) => qdisc === "tbf" || linkinfo?.info_kind === "ifb";

function qdiscsOf(side: Side, ns: string): Json[] {
  return JSON.parse(side.lab.sh(ns, "tc", "-d", "-j", "qdisc")).map(({ refcnt: _, ...qdisc }: Json) => qdisc);
}

/** A host veth is called after the interface that it leads to. */
function nameLinks(side: Side, host: Raw, containers: readonly Raw[]): void {
  containers.forEach(({ links }, i) => {
    for (const { ifname, link_index } of links) {
      const peer = host.links.find((link) => link.ifindex === link_index && link.link_netnsid !== undefined);
      if (link_index && peer && /^veth[0-9a-f]{8}$/.test(peer.ifname))
        side.names.set(peer.ifname, `port(c${i} ${ifname})`);
    }
  });
  for (const { ifname, link } of host.links) {
    if (link && /^veth[0-9a-f]{8}$/.test(ifname)) side.names.set(ifname, `port(host ${link})`);
  }
}

/** Depends on when one looks, or on the order of events in other namespaces. */
const VOLATILE = /^(ifindex|link_index|link_netnsid|link|address|addr_info|broadcast|permaddr|gso|tso|gro|linkinfo)/;
const VOLATILE_DATA =
  /timer|bridge_id|root_id|root_port|^id$|^no$|designated|topology|config_pending|root_path_cost|hello_time_/;

function describe(side: Side, ns: string, raw: Raw, words: Words, where: string, macs: Map<string, string>): Json {
  const { links, routes, qdiscs } = raw;
  for (const { ifname, address } of links) macs.set(where + words.name(ifname), address);
  return side.lab.within(ns, () => ({
    sysctls: Object.fromEntries(NAMESPACE.map((key) => [key, read(key)])),
    links: Object.fromEntries(
      links.map((link) => [
        words.name(link.ifname),
        { ...linkOf(side, link, words, where), ...sysctlsOf(link.ifname) },
      ]),
    ),
    qdiscs: Object.fromEntries(qdiscs.map((one) => [JSON.stringify(words.all(one)), true])),
    routes: Object.fromEntries(routes.filter(isLasting).map((route) => [routeText(route, words), true])),
  }));
}

function linkOf(side: Side, link: Json, words: Words, where: string): Json {
  const plain = Object.fromEntries(Object.entries(link).filter(([key]) => !VOLATILE.test(key)));
  const { info_kind, info_data = {}, info_slave_data = {} } = link.linkinfo ?? {};
  const steady = (data: object) => Object.fromEntries(Object.entries(data).filter(([key]) => !VOLATILE_DATA.test(key)));
  return words.all({
    ...plain,
    // Of a veth without carrier the kernel looks in the wrong namespace for its peer's index, and says what it finds there.
    operstate: link.operstate === "LOWERLAYERDOWN" ? "DOWN" : link.operstate,
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

const NAMESPACE = ["ipv4/ip_forward", "ipv6/conf/all/forwarding", "ipv6/conf/all/disable_ipv6"];
const IPV6 = [
  "accept_dad",
  "accept_ra",
  "keep_addr_on_down",
  "disable_ipv6",
  "ndisc_notify",
  "forwarding",
  "enhanced_dad",
];
const IPV4 = ["arp_notify", "forwarding", "proxy_arp", "rp_filter", "route_localnet"];

/** Those of a link in the namespace that this thread is in. */
function sysctlsOf(link: string): Json {
  const keys = [...IPV6.map((key) => `ipv6/conf/${link}/${key}`), ...IPV4.map((key) => `ipv4/conf/${link}/${key}`)];
  const shortened = (key: string) => key.replace(`/${link}/`, "/*/");
  return { sysctls: Object.fromEntries(keys.map((key) => [shortened(key), read(key)])) };
}

function read(key: string): string {
  try {
    return readFileSync(`/proc/sys/net/${key}`, "latin1").trim();
  } catch {
    return "none";
  }
}
