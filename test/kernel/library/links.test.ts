/** `link` and `addr` of berth/netlink, looked at with `ip`. */
import { expect } from "bun:test";
import { EADDRNOTAVAIL, EEXIST, ENODEV, EOPNOTSUPP } from "../../../src/base/errno.ts";
import { Explained } from "../../../src/base/explained.ts";
import { openRoute } from "../../../src/library/bun/open.ts";
import { NetlinkError } from "../../../src/netlink/error.ts";
import { netnsPath } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { linkKind, needs } from "../../support/needs.ts";
import { look, NEEDS, needsLinks } from "../rtnl/links.ts";
import { thrown } from "./thrown.ts";

const at = (lab: Lab) => openRoute({ netns: lab.host });

needsLinks(
  "link.add() makes a bridge, and a veth pair whose other end is born elsewhere",
  inLab((lab) => {
    const ns = lab.container();
    using rtnl = openRoute({ netns: netnsPath(lab.host) });
    rtnl.link.add({ kind: "bridge", name: "br0", mac: "02:00:00:00:00:01", mtu: 1400 });
    const bridge = look(lab, lab.host, "br0");
    expect(bridge).toMatchObject({ address: "02:00:00:00:00:01", mtu: 1400, linkinfo: { info_kind: "bridge" } });
    rtnl.link.add({ kind: "veth", name: "v0", mtu: 1300, master: "br0", peer: { name: "eth0", mtu: 1300, netns: ns } });
    const outer = look(lab, lab.host, "v0");
    const inner = look(lab, ns, "eth0");
    expect(outer).toMatchObject({ master: "br0", mtu: 1300, operstate: "DOWN", linkinfo: { info_kind: "veth" } });
    expect(inner).toMatchObject({ mtu: 1300, link_index: outer.ifindex, linkinfo: { info_kind: "veth" } });
    expect([outer.address, inner.address].every((mac) => /^.[26ae]:/.test(mac))).toBe(true);
    expect(outer.address).not.toBe(inner.address);
  }),
);

needsLinks(
  "link.list() and link.get() see what `ip` sees",
  inLab((lab) => {
    using rtnl = at(lab);
    lab.sh(lab.host, ..."ip link add br0 type bridge".split(" "));
    lab.sh(lab.host, ..."ip link add v0 txqueuelen 7 type veth peer name v1".split(" "));
    lab.sh(lab.host, ..."ip link set v0 master br0 up alias mine promisc on".split(" "));
    lab.sh(lab.host, ..."ip link set v1 up".split(" "));
    lab.sh(lab.host, ..."ip link set v0 type bridge_slave hairpin on".split(" "));
    const seen = lab.ipj(lab.host, "link", "show");
    expect(rtnl.link.list().map(({ index, name, mtu, mac }) => [index, name, mtu, mac])).toEqual(
      seen.map(({ ifindex, ifname, mtu, address }) => [ifindex, ifname, mtu, address]),
    );
    const { ifindex: bridge } = look(lab, lab.host, "br0");
    const { ifindex, address } = look(lab, lab.host, "v0");
    expect(rtnl.link.get("v0")).toEqual({
      index: ifindex,
      name: "v0",
      kind: "veth",
      mac: address,
      mtu: 1500,
      txqlen: 7,
      isUp: true,
      hasCarrier: true,
      operstate: "up",
      isPromisc: true,
      isAllmulti: false,
      master: bridge,
      peer: look(lab, lab.host, "v1").ifindex,
      alias: "mine",
      port: { hairpin: true, isolated: false, number: 1 },
    });
    expect(rtnl.link.get(ifindex)?.name).toBe("v0");
    expect(rtnl.link.get("lo")).toMatchObject({ kind: "", isUp: true, mac: "00:00:00:00:00:00" });
    expect(rtnl.link.get("none")).toBeUndefined();
  }),
);

needsLinks(
  "link.set() changes what it is told, and nothing else",
  inLab((lab) => {
    using rtnl = at(lab);
    lab.sh(lab.host, ..."ip link add br0 type bridge".split(" "));
    lab.sh(lab.host, ..."ip link add v0 type veth peer name v1".split(" "));
    const mac = "02:00:00:00:00:09";
    rtnl.link.set("v0", {
      up: true,
      mac,
      mtu: 1280,
      txqlen: 5,
      alias: "x y",
      promisc: true,
      allmulti: true,
      master: "br0",
    });
    const v0 = () => look(lab, lab.host, "v0");
    const set = { address: mac, mtu: 1280, txqlen: 5, ifalias: "x y", master: "br0" };
    expect(v0()).toMatchObject({ ...set, flags: expect.arrayContaining(["UP", "PROMISC", "ALLMULTI"]) });
    rtnl.link.set("v0", { port: { isolated: true } });
    expect(v0().linkinfo.info_slave_data).toMatchObject({ hairpin: false, isolated: true });
    rtnl.link.set("v0", { promisc: false, allmulti: false, master: null });
    const { master, flags, ...rest } = v0();
    expect(master).toBeUndefined();
    expect(flags.filter((flag: string) => flag !== "NO-CARRIER" && flag !== "M-DOWN").sort()).toEqual([
      "BROADCAST",
      "MULTICAST",
      "UP",
    ]);
    expect(rest).toMatchObject({ address: mac, mtu: 1280, txqlen: 5, ifalias: "x y" });
    rtnl.link.set("v0", { up: false, name: "w0" });
    expect(look(lab, lab.host, "w0").flags).not.toContain("UP");
    rtnl.link.set("w0", {});
  }),
);

needsLinks(
  "link.move() and link.delete()",
  inLab((lab) => {
    const ns = lab.container();
    using rtnl = at(lab);
    rtnl.link.add({ kind: "veth", name: "v0", peer: { name: "v1" } });
    rtnl.link.move("v1", ns, "eth0");
    expect(lab.ipj(lab.host, "link", "show").map(({ ifname }) => ifname)).toEqual(["lo", "v0"]);
    expect(look(lab, ns, "eth0")).toMatchObject({ operstate: "DOWN" });
    expect(thrown(() => rtnl.link.move("v0", ns, "eth0"))).toMatchObject({
      errno: EEXIST,
      message: expect.stringContaining(`ip link set v0 netns /run/netns/${ns} name eth0: file exists`),
    });
    // It has been moved, but not renamed.
    expect(lab.ipj(ns, "link", "show").map(({ ifname }) => ifname)).toEqual(["lo", "eth0", "v0"]);
    expect(thrown(() => rtnl.link.delete("v0"))).toMatchObject({ errno: ENODEV });
    using other = openRoute({ netns: ns });
    other.link.delete("v0");
    expect(look(lab, ns, "eth0")).toBeUndefined();
  }),
);

needs(...NEEDS, linkKind("ifb"))(
  "link.add() makes an ifb, and a macvlan on it",
  inLab((lab) => {
    using rtnl = at(lab);
    rtnl.link.add({ kind: "ifb", name: "i0", mtu: 1400, mac: "02:00:00:00:00:05" });
    expect(look(lab, lab.host, "i0")).toMatchObject({
      mtu: 1400,
      address: "02:00:00:00:00:05",
      linkinfo: { info_kind: "ifb" },
    });
    rtnl.link.add({ kind: "veth", name: "v0", peer: { name: "v1" } });
    for (const mode of ["private", "bridge"] as const) {
      rtnl.link.add({ kind: "macvlan", name: mode, parent: "v0", mode });
      expect(look(lab, lab.host, mode)).toMatchObject({ link: "v0", linkinfo: { info_data: { mode } } });
    }
  }),
);

needsLinks(
  "failures are the kernel's, or name the value",
  inLab((lab) => {
    using rtnl = at(lab);
    rtnl.link.add({ kind: "bridge", name: "br0" });
    const again = thrown(() => rtnl.link.add({ kind: "bridge", name: "br0", mac: "02:00:00:00:00:01" }));
    expect(again).toBeInstanceOf(NetlinkError);
    expect(again).toMatchObject({
      errno: EEXIST,
      message: "ip link add br0 address 02:00:00:00:00:01 type bridge: file exists",
    });
    expect(thrown(() => rtnl.link.set("none", { up: true }))).toMatchObject({ errno: ENODEV });
    expect(thrown(() => rtnl.link.set("br0", { master: "none" }))).toMatchObject({ errno: ENODEV });
    for (const [name, message] of [
      ["much-too-long-name", 'name: "much-too-long-name" is not an interface\'s name'],
      ["a/b", 'name: "a/b" is not an interface\'s name'],
    ] as const) {
      const error = thrown(() => rtnl.link.add({ kind: "bridge", name }));
      expect(error).toBeInstanceOf(Explained);
      expect(error.message).toStartWith(message);
    }
    expect(thrown(() => rtnl.link.set("br0", { uo: true } as object)).message).toContain('"uo" is not one of mac,');
    expect(thrown(() => rtnl.link.set(0, { up: true })).message).toContain("link: 0 is not a whole number from 1");
    expect(thrown(() => openRoute({ netns: "berth-none" })).message).toBe("netns: there is no /run/netns/berth-none");
    expect(thrown(() => openRoute({ netns: "/etc/hosts" })).message).toBe("netns: /etc/hosts is no network namespace");
    const tried = lab.attempt(lab.host, "ip", "link", "add", "d0", "type", "dummy");
    if (tried.status === 0) lab.sh(lab.host, "ip", "link", "del", "d0");
    const dummy = thrown(() => rtnl.link.add({ kind: "dummy", name: "d0" }), tried.status === 0);
    expect(dummy?.errno).toBe(tried.status === 0 ? undefined : EOPNOTSUPP);
  }),
);

needsLinks(
  "addr.add(), addr.list() and addr.delete()",
  inLab((lab) => {
    using rtnl = at(lab);
    rtnl.link.add({ kind: "veth", name: "v0", peer: { name: "v1" } });
    rtnl.link.set("v0", { up: true });
    rtnl.link.set("v1", { up: true });
    rtnl.addr.add("v0", "10.0.0.2/24");
    rtnl.addr.add("v0", "fd00::2/64", { noDad: true });
    const seen = () => look(lab, lab.host, "v0").addr_info.filter(({ scope }: { scope: string }) => scope === "global");
    expect(seen()).toEqual([
      expect.objectContaining({ local: "10.0.0.2", prefixlen: 24, broadcast: "10.0.0.255" }),
      expect.objectContaining({ local: "fd00::2", prefixlen: 64, nodad: true }),
    ]);
    const { ifindex } = look(lab, lab.host, "v0");
    expect(rtnl.addr.list({ link: "v0", family: "ipv4" })).toEqual([
      {
        link: ifindex,
        address: "10.0.0.2/24",
        family: "ipv4",
        scope: "global",
        isTentative: false,
        isDuplicate: false,
      },
    ]);
    expect(rtnl.addr.list({ link: "v0" }).map(({ address }) => address)).toContain("fd00::2/64");
    const all = lab.ipj(lab.host, "addr", "show").flatMap(({ addr_info }) => addr_info);
    expect(
      rtnl.addr
        .list()
        .map(({ address }) => address)
        .sort(),
    ).toEqual(all.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort());
    expect(thrown(() => rtnl.addr.add("v0", "10.0.0.2/24"))).toMatchObject({ errno: EEXIST });
    expect(thrown(() => rtnl.addr.add("v0", "10.0.0.2")).message).toContain(
      'address: "10.0.0.2" is not an address with',
    );
    rtnl.addr.delete("v0", "10.0.0.2/24");
    expect(seen()).toHaveLength(1);
    expect(thrown(() => rtnl.addr.delete("v0", "10.0.0.2/24"))).toMatchObject({ errno: EADDRNOTAVAIL });
  }),
);
