/** `route`, `neigh`, `rule` and `qdisc` of berth/netlink, looked at with `ip` and `tc`. */
import { expect } from "bun:test";
import { EEXIST, ENETUNREACH, ENOENT, ESRCH } from "../../../src/base/errno.ts";
import { openRoute } from "../../../src/library/bun/open.ts";
import type { Rtnetlink } from "../../../src/library/bun/rtnetlink.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { can, linkKind, needs } from "../../support/needs.ts";
import { look, NEEDS, needsLinks } from "../rtnl/links.ts";
import { thrown } from "./thrown.ts";

/** A veth pair that is up, one end with addresses. */
function routed(lab: Lab): Rtnetlink {
  const rtnl = openRoute({ netns: lab.host });
  rtnl.link.add({ kind: "veth", name: "v0", peer: { name: "v1" } });
  rtnl.link.set("v0", { up: true });
  rtnl.link.set("v1", { up: true });
  rtnl.addr.add("v0", "10.0.0.2/24");
  rtnl.addr.add("v0", "fd00::2/64", { noDad: true });
  return rtnl;
}

needsLinks(
  "route.add(), route.replace() and route.delete()",
  inLab((lab) => {
    using rtnl = routed(lab);
    rtnl.route.add({ to: "default", via: "10.0.0.1" });
    rtnl.route.add({ to: "default", via: "fd00::1", metric: 9 });
    rtnl.route.add({ to: "10.8.1.2/16", link: "v0", table: 1000, metric: 7 });
    rtnl.route.add({ to: "10.9.0.1", via: "10.0.0.9", link: "v0", src: "10.0.0.2", protocol: "dhcp" });
    rtnl.route.add({ to: "192.0.2.0/24", type: "blackhole" });
    const all = () => [
      ...lab.ipj(lab.host, "-4", "-d", "route", "show", "table", "all", "proto", "static"),
      ...lab.ipj(lab.host, "-d", "route", "show", "proto", "dhcp"),
      ...lab.ipj(lab.host, "-d", "-6", "route", "show", "default"),
    ];
    const seen = [
      { dst: "10.8.0.0/16", dev: "v0", table: "1000", scope: "link", metric: 7, type: "unicast" },
      { dst: "default", gateway: "10.0.0.1", dev: "v0", scope: "global" },
      { dst: "192.0.2.0/24", type: "blackhole" },
      { dst: "10.9.0.1", gateway: "10.0.0.9", prefsrc: "10.0.0.2" },
      { dst: "default", gateway: "fd00::1", metric: 9 },
    ];
    expect(all()).toEqual(seen.map((route) => expect.objectContaining(route)));
    rtnl.route.replace({ to: "default", via: "10.0.0.3" });
    expect(lab.ipj(lab.host, "route", "show", "default")).toEqual([expect.objectContaining({ gateway: "10.0.0.3" })]);
    rtnl.route.delete({ to: "default", via: "10.0.0.3" });
    rtnl.route.delete({ to: "10.8.0.0/16", table: 1000 });
    rtnl.route.delete({ to: "10.9.0.1" });
    rtnl.route.delete({ to: "::/0", link: "v0" });
    expect(all().map(({ dst }) => dst)).toEqual(["192.0.2.0/24"]);
  }),
);

needsLinks(
  "route.list() and route.get() see what `ip` sees",
  inLab((lab) => {
    using rtnl = routed(lab);
    const v0 = look(lab, lab.host, "v0").ifindex;
    lab.sh(lab.host, ..."ip route add default via 10.0.0.1 metric 5".split(" "));
    lab.sh(lab.host, ..."ip route add 10.8.0.0/16 nexthop via 10.0.0.8 nexthop via 10.0.0.9".split(" "));
    const [first, ...more] = rtnl.route.list({ family: "ipv4" });
    expect(first).toEqual({
      type: "unicast",
      to: "default",
      family: "ipv4",
      via: "10.0.0.1",
      link: v0,
      table: 254,
      protocol: "boot",
      scope: "global",
      metric: 5,
    });
    expect(more).toContainEqual(expect.objectContaining({ to: "10.0.0.0/24", protocol: "kernel", src: "10.0.0.2" }));
    const hops = ["10.0.0.8", "10.0.0.9"].map((via) => ({ via, link: v0 }));
    expect(more).toContainEqual(expect.objectContaining({ to: "10.8.0.0/16", hops }));
    for (const [family, flag] of [
      ["ipv4", "-4"],
      ["ipv6", "-6"],
    ] as const) {
      const all = lab.ipj(lab.host, flag, "route", "show", "table", "all");
      expect(rtnl.route.list({ family, table: "all" })).toHaveLength(all.length);
    }
    expect(rtnl.route.get("10.0.0.7")).toEqual({ link: v0, isLocal: false });
    expect(rtnl.route.get("10.0.0.2")?.isLocal).toBe(true);
    lab.sh(lab.host, ..."ip route del default".split(" "));
    expect(rtnl.route.get("192.0.2.1")).toBeUndefined();
  }),
);

needsLinks(
  "routes that cannot be are refused",
  inLab((lab) => {
    using rtnl = routed(lab);
    rtnl.route.add({ to: "default", via: "10.0.0.1" });
    const again = thrown(() => rtnl.route.add({ to: "default", via: "10.0.0.5" }));
    expect(again).toMatchObject({ errno: EEXIST, message: "ip route add 0.0.0.0/0 via 10.0.0.5: file exists" });
    const far = thrown(() => rtnl.route.add({ to: "10.9.0.0/16", via: "192.0.2.1", link: "v0" }));
    expect(far).toMatchObject({ errno: ENETUNREACH, kernelText: "Nexthop has invalid gateway" });
    expect(far.message).toEndWith("network is unreachable (Nexthop has invalid gateway)");
    expect(thrown(() => rtnl.route.delete({ to: "10.9.0.0/16" }))).toMatchObject({ errno: ESRCH });
    for (const [route, message] of [
      [{ to: "10.9.0.0/16", via: "fd00::1" }, 'via: "fd00::1" is not an address of the family of 10.9.0.0/16'],
      [{ to: "10.9" }, 'to: "10.9" is not an address with a prefix length'],
      [{ to: "default", via: "10.0.0.1", metric: -1 }, "metric: -1 is not a whole number from 0"],
    ] as const) {
      expect(thrown(() => rtnl.route.add(route)).message).toStartWith(message);
    }
  }),
);

needsLinks(
  "neigh.add(), neigh.replace(), neigh.list() and neigh.delete()",
  inLab((lab) => {
    using rtnl = routed(lab);
    const mac = "02:00:00:00:00:09";
    rtnl.neigh.add({ link: "v0", address: "10.0.0.9", mac });
    rtnl.neigh.add({ link: "v0", address: "fd00::9", mac, state: "stale" });
    const seen = () =>
      lab.ipj(lab.host, "neigh", "show", "nud", "all", "dev", "v0").filter(({ lladdr }) => lladdr === mac);
    expect(seen()).toEqual([
      expect.objectContaining({ dst: "10.0.0.9", state: ["PERMANENT"] }),
      expect.objectContaining({ dst: "fd00::9", state: ["STALE"] }),
    ]);
    const link = look(lab, lab.host, "v0").ifindex;
    expect(rtnl.neigh.list({ link: "v0", family: "ipv4" })).toEqual([
      { link, address: "10.0.0.9", family: "ipv4", mac, state: "permanent" },
    ]);
    expect(rtnl.neigh.list().length).toBeGreaterThanOrEqual(2);
    expect(thrown(() => rtnl.neigh.add({ link: "v0", address: "10.0.0.9", mac }))).toMatchObject({ errno: EEXIST });
    rtnl.neigh.replace({ link: "v0", address: "10.0.0.9", mac, state: "reachable" });
    expect(seen()[0]).toMatchObject({ dst: "10.0.0.9", state: ["REACHABLE"] });
    rtnl.neigh.delete("v0", "10.0.0.9");
    expect(seen().map(({ dst }) => dst)).toEqual(["fd00::9"]);
    expect(thrown(() => rtnl.neigh.delete("v0", "10.0.0.9"))).toMatchObject({ errno: ENOENT });
  }),
);

needs(...NEEDS, can("root and policy routing", "ip", "rule", "add", "table", "9"))(
  "rule.add(), rule.list() and rule.delete()",
  inLab((lab) => {
    using rtnl = openRoute({ netns: lab.host });
    const marked = { from: "10.0.0.0/8", mark: 1, mask: 255, priority: 100, table: 300 } as const;
    rtnl.rule.add(marked);
    rtnl.rule.add({ to: "fd00::1", iif: "lo", priority: 101, table: 254 });
    rtnl.rule.add({ from: "10.9.0.1", action: "unreachable", oif: "lo", priority: 102 });
    expect(lab.ipj(lab.host, "rule", "show", "priority", "100")).toEqual([
      { priority: 100, src: "10.0.0.0", srclen: 8, fwmark: "0x1", fwmask: "0xff", table: "300" },
    ]);
    expect(lab.ipj(lab.host, "-6", "rule", "show", "priority", "101")).toEqual([
      { priority: 101, src: "all", dst: "fd00::1", iif: "lo", table: "main" },
    ]);
    expect(lab.ipj(lab.host, "rule", "show", "priority", "102")).toEqual([
      { priority: 102, src: "10.9.0.1", oif: "lo", action: "unreachable" },
    ]);
    expect(rtnl.rule.list({ family: "ipv4" })).toEqual([
      { family: "ipv4", priority: 0, action: "lookup", table: 255 },
      { family: "ipv4", ...marked, action: "lookup" },
      { family: "ipv4", priority: 102, action: "unreachable", from: "10.9.0.1", oif: "lo" },
      { family: "ipv4", priority: 32766, action: "lookup", table: 254 },
      { family: "ipv4", priority: 32767, action: "lookup", table: 253 },
    ]);
    expect(thrown(() => rtnl.rule.add(marked))).toMatchObject({ errno: EEXIST });
    rtnl.rule.delete({ mark: 1, mask: 255, table: 300 });
    expect(thrown(() => rtnl.rule.delete(marked))).toMatchObject({ errno: ENOENT });
    expect(thrown(() => rtnl.rule.add({ from: "10.0.0.0/8" })).message).toContain("table: 0 is not a whole number");
  }),
);

needs(
  ...NEEDS,
  linkKind("ifb"),
  can("root and tbf", ..."tc qdisc add dev lo root tbf rate 1mbit burst 9k limit 9k".split(" ")),
)(
  "qdisc.addTbf(), addIngress(), redirect(), list() and delete()",
  inLab((lab) => {
    using rtnl = routed(lab);
    rtnl.qdisc.addTbf("v0", { rate: 8_000_000, burst: 10_000, limit: 50_000 });
    const shown = () => JSON.parse(lab.sh(lab.host, "tc", "-j", "qdisc", "show", "dev", "v0"));
    // `tc` says the rate in bytes a second.
    const [tbf] = shown();
    expect(tbf).toMatchObject({ kind: "tbf", root: true, options: { rate: 1_000_000 } });
    expect(Math.abs(tbf.options.burst - 10_000)).toBeLessThan(2);
    const link = look(lab, lab.host, "v0").ifindex;
    const found = { rate: 8_000_000, burst: 10_000, limit: 50_000 };
    expect(rtnl.qdisc.list("v0")).toEqual([{ link, kind: "tbf", place: "root", tbf: found }]);
    rtnl.qdisc.addIngress("v0");
    rtnl.link.add({ kind: "ifb", name: "i0" });
    rtnl.qdisc.redirect("v0", "i0");
    const filters = lab.sh(lab.host, "tc", "filter", "show", "dev", "v0", "parent", "ffff:");
    expect(filters).toContain("Egress Redirect to device i0");
    expect(rtnl.qdisc.redirections("v0")).toEqual([look(lab, lab.host, "i0").ifindex]);
    expect(thrown(() => rtnl.qdisc.addIngress("v0"))).toMatchObject({ errno: EEXIST });
    rtnl.qdisc.delete("v0", "ingress");
    rtnl.qdisc.delete("v0", "root");
    expect(shown().map(({ kind }: { kind: string }) => kind)).toEqual(["noqueue"]);
    const wide = thrown(() => rtnl.qdisc.addTbf("v0", { rate: 8, burst: 100_000, limit: 1 }));
    expect(wide.message).toStartWith("burst in units of 64 ns at that rate");
  }),
);
