/** What the tests of rtnl's verbs share: links to work on, and `ip` to look at them. */
import { expect } from "bun:test";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../../src/base/ip.ts";
import { type Mac, parseMac } from "../../../src/base/mac.ts";
import { Client } from "../../../src/netlink/client.ts";
import { NetlinkError } from "../../../src/netlink/error.ts";
import type { Request } from "../../../src/netlink/request.ts";
import { NETLINK_ROUTE, openSocket } from "../../../src/netlink/socket.ts";
import { addBridge, addVeth } from "../../../src/rtnl/link.ts";
import * as sys from "../../../src/sys/bun/sys.ts";
import type { Json } from "../../support/command.ts";
import { netnsPath } from "../../support/conf.ts";
import type { Lab } from "../../support/lab.ts";
import { linkKind, namespaces, needs } from "../../support/needs.ts";

export const NEEDS = [namespaces, linkKind("bridge"), linkKind("veth")];
export const needsLinks = needs(...NEEDS);

export const ip = (text: string) => parseIp(text) as Ip;
export const prefix = (text: string) => parsePrefix(text) as Prefix;
export const mac = (text: string) => parseMac(text) as Mac;
export const BRIDGE = { name: "br0", mac: mac("02:00:00:00:00:01") };
export const OUTER = { name: "v0", mac: mac("02:00:00:00:00:02") };
export const INNER = { name: "eth0", mac: mac("02:00:00:00:00:03") };

/** Uses a client of the namespace `ns`. */
export function using<T>(lab: Lab, ns: string, use: (client: Client) => T): T {
  return lab.within(ns, () => {
    const client = new Client(openSocket(NETLINK_ROUTE));
    try {
      return use(client);
    } finally {
      client.close();
    }
  });
}

export const change = (lab: Lab, ns: string, ...requests: Request[]) =>
  using(lab, ns, (client) => client.change(...requests));

/** The error with which the kernel refuses `request`. */
export function refused(lab: Lab, ns: string, request: Request): NetlinkError {
  try {
    change(lab, ns, request);
  } catch (error) {
    if (error instanceof NetlinkError) return error;
    throw error;
  }
  expect.unreachable(`${request.form.text(request.object)} was not refused`);
}

/** One link as `ip -j -d` sees it; undefined when there is none. */
export function look(lab: Lab, ns: string, name: string): Json {
  return lab.ipj(ns, "-d", "addr", "show").find((link) => link.ifname === name);
}

export const indexOf = (lab: Lab, ns: string, name: string): number => look(lab, ns, name).ifindex;

/** A bridge in the host, and a pair whose inner end is in a container: its name. */
export function pair(lab: Lab): string {
  const ns = lab.container();
  const fd = sys.open(netnsPath(ns), 0);
  try {
    change(lab, lab.host, addBridge(BRIDGE));
    const master = indexOf(lab, lab.host, "br0");
    change(lab, lab.host, addVeth({ ...OUTER, master }, { ...INNER, netns: { fd, path: netnsPath(ns) } }));
  } finally {
    sys.close(fd);
  }
  return ns;
}
