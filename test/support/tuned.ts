/** A container with an interface for tuning, and what is seen of both afterwards. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "./command.ts";
import type { Conf } from "./conf.ts";
import type { Lab } from "./lab.ts";

/** The MAC address of the interface, and another one. */
export const OLD = "02:00:00:00:00:09";
export const NEW = "02:00:00:00:00:0a";

export const FILTER = "net.ipv4.conf.IFNAME.arp_filter";
export const ALL = { mac: NEW, mtu: 1400, promisc: true, allmulti: true, txQLen: 500, sysctl: { [FILTER]: "1" } };

/** A container with an eth0 that somebody else has made. */
export function guest(lab: Lab): string {
  const ns = lab.container();
  lab.sh(ns, "ip", "link", "add", "eth0", "address", OLD, "type", "veth", "peer", "name", "p0");
  lab.sh(ns, "ip", "link", "set", "eth0", "up");
  return ns;
}

/** A network of tuning, the state files in `lab.store`. */
export function tuningConf(lab: Lab, over: object = {}): Conf {
  const interfaces = [{ name: "br0" }, { name: "eth0", mac: OLD, sandbox: "/run/netns/c" }];
  const prevResult = { cniVersion: "1.0.0", interfaces, ips: [{ address: "10.1.2.3/24", interface: 1 }] };
  return { cniVersion: "1.0.0", name: "net", type: "tuning", dataDir: lab.store, prevResult, ...over };
}

/** What tuning may change of the interface. */
export function link(lab: Lab, ns: string): Json {
  const [{ address, mtu, txqlen, promiscuity, flags }] = lab.ipj(ns, "-d", "link", "show", "dev", "eth0");
  return { address, mtu, txqlen, promiscuity, flags: flags.filter((flag: string) => /PROMISC|ALLMULTI/.test(flag)) };
}
export const UNTUNED = { address: OLD, mtu: 1500, txqlen: 1000, promiscuity: 0, flags: [] };

/** The sysctl that FILTER is about. */
export const filterOf = (lab: Lab, ns: string): string =>
  lab.sh(ns, "cat", "/proc/sys/net/ipv4/conf/eth0/arp_filter").trim();

/** State files: name → content. */
export function states({ store }: Lab): Record<string, string> {
  const names = existsSync(store) ? readdirSync(store) : [];
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(store, name), "latin1")]));
}
