/** A container with a veth for bandwidth, and what is seen of its shaping, in a laboratory. */
import type { Json } from "./command.ts";
import type { Conf } from "./conf.ts";
import type { Lab } from "./lab.ts";

export const LIMITS = { ingressRate: 8_000_000, ingressBurst: 80_000, egressRate: 16_000_000, egressBurst: 160_000 };
/** The device of network "net" and container "cid-1". */
export const IFB = "bwpc56677a01e3b";

/** A container with an eth0 whose other end is the host's vport0: its namespace. */
export function guest(lab: Lab): string {
  const ns = lab.container();
  lab.sh(lab.host, ..."ip link add vport0 mtu 1400 type veth peer name eth0 netns".split(" "), ns);
  lab.sh(lab.host, "ip", "link", "set", "vport0", "up");
  lab.sh(ns, "ip", "link", "set", "eth0", "up");
  return ns;
}

export function shapingConf(over: object = {}): Conf {
  const interfaces = [{ name: "vport0" }, { name: "eth0", sandbox: "/run/netns/c" }];
  const prevResult = { cniVersion: "1.0.0", interfaces, ips: [{ address: "10.1.2.3/24", interface: 1 }] };
  return { cniVersion: "1.0.0", name: "net", type: "bandwidth", prevResult, ...over };
}

/** All qdiscs of the host as tc sees them, and its devices of bandwidth. */
export function shaping(lab: Lab): { qdiscs: Json[]; ifbs: Json[] } {
  const qdiscs: Json[] = JSON.parse(lab.sh(lab.host, "tc", "-d", "-j", "qdisc"));
  const ifbs = lab.ipj(lab.host, "-d", "link", "show").filter(({ linkinfo }) => linkinfo?.info_kind === "ifb");
  return {
    qdiscs: qdiscs.filter(({ dev, kind }) => dev !== "lo" && kind !== "noqueue").map(({ refcnt: _, ...one }) => one),
    ifbs: ifbs.map(({ ifname, mtu, flags, txqlen }) => ({ ifname, mtu, flags, txqlen })),
  };
}
export const UNSHAPED = { qdiscs: [], ifbs: [] };

/** Where the filters of what comes in to vport0 redirect. */
export function redirections(lab: Lab): string[] {
  const filters: Json[] = JSON.parse(
    lab.sh(lab.host, "tc", "-j", "filter", "show", "dev", "vport0", "parent", "ffff:"),
  );
  return filters.flatMap(({ options }) => options?.actions ?? []).map(({ to_dev }) => to_dev);
}
