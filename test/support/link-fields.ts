import type { Link } from "../../src/rtnl/read-link.ts";

const NAMES = [
  "index",
  "name",
  "kind",
  "mac",
  "flags",
  "mtu",
  "txqlen",
  "operstate",
  "master",
  "peer",
  "alias",
  "promiscuity",
  "acceptRa",
  "addrGenMode",
  "vlanFiltering",
  "port",
] as const satisfies (keyof Link)[];

/** All that a link has: what the kernel sent is decoded only when it is asked for. */
export function fieldsOf(link: Link): Link {
  return Object.fromEntries(NAMES.map((name) => [name, link[name]])) as unknown as Link;
}
