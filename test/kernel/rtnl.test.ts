/** rtnl's verbs against the kernel, looked at with `ip`. */
import { describe, expect, test } from "bun:test";
import { errnoText, isErrno } from "../../src/base/errno.ts";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../src/base/ip.ts";
import { formatMac, type Mac, parseMac } from "../../src/base/mac.ts";
import { Client, type Request } from "../../src/netlink/client.ts";
import { NetlinkError } from "../../src/netlink/error.ts";
import { NETLINK_ROUTE, openSocket } from "../../src/netlink/socket.ts";
import { addAddr, deleteAddr, ensureAddr, listAddrs } from "../../src/rtnl/addr.ts";
import {
  addBridge,
  addVeth,
  deleteLink,
  findLink,
  listLinks,
  setAlias,
  setDown,
  setMac,
  setPort,
  setPromisc,
  setUp,
} from "../../src/rtnl/link.ts";
import { forgetNeigh } from "../../src/rtnl/neigh.ts";
import { addRoute, listRoutes } from "../../src/rtnl/route.ts";
import * as sys from "../../src/sys/bun/sys.ts";
import type { Json } from "../support/command.ts";
import { netnsPath } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { isMet, linkKind, namespaces, needs } from "../support/needs.ts";

const NEEDS = [namespaces, linkKind("bridge"), linkKind("veth")];
const needsLinks = needs(...NEEDS);
/** A skipped test cannot be told that it fails. */
const failing = NEEDS.every(isMet) ? test.failing : test.skip;

const ip = (text: string) => parseIp(text) as Ip;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const mac = (text: string) => parseMac(text) as Mac;
const BRIDGE = { name: "br0", mac: mac("02:00:00:00:00:01") };
const OUTER = { name: "v0", mac: mac("02:00:00:00:00:02") };
const INNER = { name: "eth0", mac: mac("02:00:00:00:00:03") };

/** Uses a client of the namespace `ns`. */
function using<T>(lab: Lab, ns: string, use: (client: Client) => T): T {
  return lab.within(ns, () => {
    const client = new Client(openSocket(NETLINK_ROUTE));
    try {
      return use(client);
    } finally {
      client.close();
    }
  });
}

const change = (lab: Lab, ns: string, ...requests: Request[]) => using(lab, ns, (client) => client.changeAll(requests));

/** The error with which the kernel refuses `request`. */
function refused(lab: Lab, ns: string, request: Request): NetlinkError {
  try {
    change(lab, ns, request);
  } catch (error) {
    if (error instanceof NetlinkError) return error;
    throw error;
  }
  expect.unreachable(`${request.operation} was not refused`);
}

/** One link as `ip -j -d` sees it; undefined when there is none. */
function look(lab: Lab, ns: string, name: string): Json {
  return lab.ipj(ns, "-d", "addr", "show").find((link) => link.ifname === name);
}

const indexOf = (lab: Lab, ns: string, name: string): number => look(lab, ns, name).ifindex;

/** A bridge in the host, and a pair whose inner end is in a container: its name. */
function pair(lab: Lab): string {
  const ns = lab.container();
  const fd = sys.open(netnsPath(ns), 0);
  try {
    change(lab, lab.host, addBridge(BRIDGE));
    const master = indexOf(lab, lab.host, "br0");
    change(lab, lab.host, addVeth({ ...OUTER, master }, { ...INNER, netns: fd }));
  } finally {
    sys.close(fd);
  }
  return ns;
}

describe("links", () => {
  needsLinks(
    "addBridge() makes a bridge with its address and MTU, down",
    inLab((lab) => {
      change(lab, lab.host, addBridge({ ...BRIDGE, mtu: 1400 }));
      const found = look(lab, lab.host, "br0");
      expect(found).toMatchObject({ address: "02:00:00:00:00:01", mtu: 1400, linkinfo: { info_kind: "bridge" } });
      expect(found.flags).not.toContain("UP");
    }),
  );

  needsLinks(
    "addBridge() leaves the MTU to the kernel, and its address is not that of its ports",
    inLab((lab) => {
      pair(lab);
      expect(look(lab, lab.host, "br0")).toMatchObject({ address: "02:00:00:00:00:01", mtu: 1500 });
    }),
  );

  needsLinks(
    "addVeth() makes each end where it belongs, the outer a port of the bridge",
    inLab((lab) => {
      const ns = lab.container();
      const fd = sys.open(netnsPath(ns), 0);
      change(lab, lab.host, addBridge(BRIDGE));
      const master = indexOf(lab, lab.host, "br0");
      change(lab, lab.host, addVeth({ ...OUTER, mtu: 1300, master }, { ...INNER, mtu: 1300, netns: fd }));
      sys.close(fd);
      const outer = look(lab, lab.host, "v0");
      const inner = look(lab, ns, "eth0");
      expect(outer).toMatchObject({ address: "02:00:00:00:00:02", mtu: 1300, master: "br0", operstate: "DOWN" });
      expect(inner).toMatchObject({ address: "02:00:00:00:00:03", mtu: 1300, operstate: "DOWN" });
      expect([outer.link_index, inner.link_index]).toEqual([inner.ifindex, outer.ifindex]);
      expect(look(lab, lab.host, "eth0")).toBeUndefined();
    }),
  );

  needsLinks(
    "addVeth() without a namespace makes both ends in its own",
    inLab((lab) => {
      change(lab, lab.host, addVeth(OUTER, INNER));
      expect([look(lab, lab.host, "v0")?.link, look(lab, lab.host, "eth0")?.link]).toEqual(["eth0", "v0"]);
    }),
  );

  needsLinks(
    "addVeth() makes neither end when one name is taken",
    inLab((lab) => {
      const ns = pair(lab);
      const fd = sys.open(netnsPath(ns), 0);
      const inner = refused(lab, lab.host, addVeth({ ...OUTER, name: "v1" }, { ...INNER, netns: fd }));
      const outer = refused(lab, lab.host, addVeth(OUTER, { ...INNER, name: "eth1", netns: fd }));
      sys.close(fd);
      expect([inner.message, outer.message]).toEqual([
        "ip link add v1 type veth peer name eth0: file exists",
        "ip link add v0 type veth peer name eth1: file exists",
      ]);
      expect([look(lab, lab.host, "v1"), look(lab, ns, "eth1")]).toEqual([undefined, undefined]);
    }),
  );

  needsLinks(
    "setAlias() sets any text of up to 254 bytes, and takes it away",
    inLab((lab) => {
      pair(lab);
      for (const alias of ["berth:net/c1/eth0", "é".repeat(127), ""]) {
        change(lab, lab.host, setAlias("v0", alias));
        expect(look(lab, lab.host, "v0").ifalias ?? "").toBe(alias);
      }
    }),
  );

  // The NUL that is sent after the text counts for the kernel, so 255 bytes are refused.
  failing(
    "setAlias() sets the 255 bytes that it promises",
    inLab((lab) => {
      pair(lab);
      change(lab, lab.host, setAlias("v0", "x".repeat(255)));
      expect(look(lab, lab.host, "v0").ifalias).toBe("x".repeat(255));
    }),
  );

  needsLinks(
    "setPort() switches hairpin and isolation on and off",
    inLab((lab) => {
      pair(lab);
      const port = () => look(lab, lab.host, "v0").linkinfo.info_slave_data;
      change(lab, lab.host, setPort("v0", { hairpin: true, isolated: false }));
      expect(port()).toMatchObject({ hairpin: true, isolated: false });
      change(lab, lab.host, setPort(indexOf(lab, lab.host, "v0"), { hairpin: false, isolated: true }));
      expect(port()).toMatchObject({ hairpin: false, isolated: true });
    }),
  );

  needsLinks(
    "setUp() and setDown() change the one flag",
    inLab((lab) => {
      const ns = pair(lab);
      const flags = () => look(lab, lab.host, "v0").flags;
      change(lab, lab.host, setPromisc("v0"), setUp("v0"), setUp("br0"));
      change(lab, ns, setUp("eth0"));
      expect(flags()).toEqual(expect.arrayContaining(["PROMISC", "UP", "LOWER_UP"]));
      change(lab, lab.host, setDown("v0"));
      expect(flags()).not.toContain("UP");
      expect(flags()).toContain("PROMISC");
    }),
  );

  needsLinks(
    "setPromisc() makes an interface hear everything, once however often",
    inLab((lab) => {
      change(lab, lab.host, addBridge(BRIDGE), setPromisc("br0"), setPromisc("br0"));
      expect(look(lab, lab.host, "br0")).toMatchObject({ promiscuity: 1, flags: expect.arrayContaining(["PROMISC"]) });
    }),
  );

  needsLinks(
    "setMac() sets the address, of a link that is up too",
    inLab((lab) => {
      const ns = pair(lab);
      change(lab, ns, setUp("eth0"), setMac("eth0", mac("02:00:00:00:00:77")));
      expect(look(lab, ns, "eth0").address).toBe("02:00:00:00:00:77");
    }),
  );

  needsLinks(
    "deleteLink() of one end removes both",
    inLab((lab) => {
      const ns = pair(lab);
      change(lab, ns, deleteLink("eth0"));
      expect(look(lab, lab.host, "v0")).toBeUndefined();
      change(lab, lab.host, deleteLink(indexOf(lab, lab.host, "br0")));
      expect(look(lab, lab.host, "br0")).toBeUndefined();
    }),
  );

  needsLinks(
    "findLink() sees what `ip` sees, and undefined where there is nothing",
    inLab((lab) => {
      const ns = pair(lab);
      change(
        lab,
        lab.host,
        setAlias("v0", "somebody's"),
        setPort("v0", { hairpin: true, isolated: false }),
        setUp("br0"),
      );
      const seen = look(lab, lab.host, "v0");
      const { mac, flags, ...link } = using(lab, lab.host, (client) => findLink(client, "v0")) ?? expect.unreachable();
      expect(link).toEqual({
        index: seen.ifindex,
        name: "v0",
        kind: "veth",
        mtu: seen.mtu,
        operstate: "down",
        master: indexOf(lab, lab.host, "br0"),
        peer: indexOf(lab, ns, "eth0"),
        alias: "somebody's",
        promiscuity: seen.promiscuity,
        vlanFiltering: false,
        port: { hairpin: true, isolated: false },
      });
      expect([formatMac(mac), flags & 1]).toEqual([seen.address, 0]);
      expect(using(lab, lab.host, (client) => [findLink(client, "eth0"), findLink(client, 9999)])).toEqual([
        undefined,
        undefined,
      ]);
    }),
  );

  needsLinks(
    "listLinks() sees every link",
    inLab((lab) => {
      pair(lab);
      const names = using(lab, lab.host, listLinks).map(({ index, name }) => [index, name]);
      expect(names).toEqual(lab.ipj(lab.host, "link", "show").map(({ ifindex, ifname }) => [ifindex, ifname]));
      expect(names).toHaveLength(3);
    }),
  );
});

describe("addresses", () => {
  needsLinks(
    "addAddr() sets address, length and broadcast address",
    inLab((lab) => {
      change(lab, lab.host, addBridge(BRIDGE));
      const index = indexOf(lab, lab.host, "br0");
      change(
        lab,
        lab.host,
        ...["10.1.2.3/24", "10.9.0.2/31", "10.8.0.1/32"].map((text) => addAddr(index, prefix(text))),
      );
      const found = look(lab, lab.host, "br0").addr_info.filter((one: Json) => one.family === "inet");
      expect(found.map(({ local, prefixlen, broadcast, scope }: Json) => [local, prefixlen, broadcast, scope])).toEqual(
        [
          ["10.1.2.3", 24, "10.1.2.255", "global"],
          ["10.9.0.2", 31, undefined, "global"],
          ["10.8.0.1", 32, undefined, "global"],
        ],
      );
    }),
  );

  needsLinks(
    "addAddr() sets IPv6 addresses",
    inLab((lab) => {
      change(lab, lab.host, addBridge(BRIDGE));
      change(lab, lab.host, addAddr(indexOf(lab, lab.host, "br0"), prefix("2001:db8::3/64")));
      const found = look(lab, lab.host, "br0").addr_info;
      expect(found).toMatchObject([{ family: "inet6", local: "2001:db8::3", prefixlen: 64, scope: "global" }]);
    }),
  );

  needsLinks(
    "addAddr() fails for an address that is there, ensureAddr() does not",
    inLab((lab) => {
      change(lab, lab.host, addBridge(BRIDGE));
      const index = indexOf(lab, lab.host, "br0");
      for (const text of ["10.1.2.3/24", "2001:db8::3/64"]) {
        change(lab, lab.host, addAddr(index, prefix(text)));
        expect(refused(lab, lab.host, addAddr(index, prefix(text))).message).toStartWith(
          `ip addr add ${text} dev ${index}: file exists`,
        );
        change(lab, lab.host, ensureAddr(index, prefix(text)));
      }
      expect(look(lab, lab.host, "br0").addr_info).toHaveLength(2);
    }),
  );

  needsLinks(
    "deleteAddr() removes it, and fails for one that is not there",
    inLab((lab) => {
      change(lab, lab.host, addBridge(BRIDGE));
      const index = indexOf(lab, lab.host, "br0");
      for (const text of ["10.1.2.3/24", "2001:db8::3/64"]) {
        change(lab, lab.host, addAddr(index, prefix(text)), deleteAddr(index, prefix(text)));
        expect(refused(lab, lab.host, deleteAddr(index, prefix(text))).message).toStartWith(
          `ip addr del ${text} dev ${index}: cannot assign requested address`,
        );
      }
      expect(look(lab, lab.host, "br0").addr_info).toEqual([]);
    }),
  );

  needsLinks(
    "listAddrs() sees what `ip` sees of one interface",
    inLab((lab) => {
      const ns = pair(lab);
      lab.sh(ns, "ip", "addr", "add", "10.1.2.3/24", "dev", "eth0");
      lab.sh(ns, "ip", "addr", "add", "192.0.2.1", "peer", "192.0.2.9/32", "dev", "eth0");
      lab.sh(ns, "ip", "addr", "add", "2001:db8::3/64", "dev", "eth0", "nodad");
      lab.sh(ns, "ip", "link", "set", "lo", "up");
      const index = indexOf(lab, ns, "eth0");
      const list = (family?: number) =>
        using(lab, ns, (client) => listAddrs(client, index, family)).map(({ prefix, scope }) => [
          prefix.ip.join("."),
          prefix.length,
          scope,
        ]);
      const four = [
        ["10.1.2.3", 24, 0],
        ["192.0.2.1", 32, 0],
      ];
      const six = [["32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.3", 64, 0]];
      expect(list()).toEqual([...four, ...six]);
      expect(list(2)).toEqual(four);
      expect(list(10)).toEqual(six);
    }),
  );
});

describe("routes", () => {
  /** An interface that is up, with 10.1.2.3/24 and 2001:db8::3/64: namespace and index. */
  function routed(lab: Lab): [ns: string, oif: number] {
    const ns = pair(lab);
    const oif = indexOf(lab, ns, "eth0");
    change(lab, lab.host, setUp("br0"), setUp("v0"));
    change(lab, ns, addAddr(oif, prefix("10.1.2.3/24")), setUp(oif));
    lab.sh(ns, "ip", "addr", "add", "2001:db8::3/64", "dev", "eth0", "nodad");
    return [ns, oif];
  }

  needsLinks(
    "addRoute() leads to the link or to a gateway, in the main table, with scope and metric",
    inLab((lab) => {
      const [ns, oif] = routed(lab);
      change(
        lab,
        ns,
        addRoute({ dst: prefix("0.0.0.0/0"), gateway: ip("10.1.2.1"), oif }),
        addRoute({ dst: prefix("10.8.0.0/16"), oif, scope: 253 }),
        addRoute({ dst: prefix("10.9.0.0/16"), gateway: ip("10.1.2.9"), oif, priority: 77 }),
      );
      const routes = lab.ipj(ns, "-d", "route", "show").filter(({ protocol }) => protocol === "boot");
      expect(routes).toEqual([
        expect.objectContaining({ dst: "default", gateway: "10.1.2.1", dev: "eth0", scope: "global" }),
        expect.objectContaining({ dst: "10.8.0.0/16", dev: "eth0", scope: "link" }),
        expect.objectContaining({ dst: "10.9.0.0/16", gateway: "10.1.2.9", dev: "eth0", metric: 77 }),
      ]);
    }),
  );

  needsLinks(
    "addRoute() takes IPv6",
    inLab((lab) => {
      const [ns, oif] = routed(lab);
      change(
        lab,
        ns,
        addRoute({ dst: prefix("::/0"), gateway: ip("2001:db8::1"), oif }),
        addRoute({ dst: prefix("2001:db8:9::/48"), oif, priority: 5 }),
      );
      expect(lab.ipj(ns, "-6", "route", "show", "proto", "boot")).toEqual([
        expect.objectContaining({ dst: "2001:db8:9::/48", dev: "eth0", metric: 5 }),
        expect.objectContaining({ dst: "default", gateway: "2001:db8::1", dev: "eth0" }),
      ]);
    }),
  );

  needsLinks.each([[100], [255], [256], [100_000]])("addRoute() puts it into table %d", (table) =>
    inLab((lab) => {
      const [ns, oif] = routed(lab);
      change(
        lab,
        ns,
        addRoute({ dst: prefix("10.8.0.0/16"), oif, table }),
        addRoute({ dst: prefix("2001:db8:8::/48"), oif, table }),
      );
      const dsts = (family: string) =>
        lab.ipj(ns, family, "route", "show", "table", String(table), "proto", "boot").map(({ dst }) => dst);
      expect([...dsts("-4"), ...dsts("-6")]).toEqual(["10.8.0.0/16", "2001:db8:8::/48"]);
      expect(lab.ipj(ns, "route", "show", "10.8.0.0/16")).toEqual([]);
    })(),
  );

  needsLinks(
    "addRoute() puts a second IPv4 route before the first, and joins a second IPv6 one",
    inLab((lab) => {
      const [ns, oif] = routed(lab);
      for (const [text, gateways] of [
        ["10.9.0.0/16", ["10.1.2.1", "10.1.2.2"]],
        ["2001:db8:9::/48", ["2001:db8::1", "2001:db8::2"]],
      ] as const) {
        change(lab, ns, ...gateways.map((gateway) => addRoute({ dst: prefix(text), gateway: ip(gateway), oif })));
      }
      expect(lab.ipj(ns, "route", "show", "10.9.0.0/16").map(({ gateway }) => gateway)).toEqual([
        "10.1.2.2",
        "10.1.2.1",
      ]);
      const six = lab.ipj(ns, "-6", "route", "show", "2001:db8:9::/48");
      expect(six.flatMap(({ gateway, nexthops }) => nexthops?.map((hop: Json) => hop.gateway) ?? gateway)).toEqual([
        "2001:db8::1",
        "2001:db8::2",
      ]);
    }),
  );

  needsLinks(
    "addRoute() fails for an exact duplicate",
    inLab((lab) => {
      const [ns, oif] = routed(lab);
      for (const [dst, gateway] of [
        ["10.9.0.0/16", "10.1.2.1"],
        ["2001:db8:9::/48", "2001:db8::1"],
      ] as const) {
        const request = addRoute({ dst: prefix(dst), gateway: ip(gateway), oif });
        change(lab, ns, request);
        expect(isErrno(refused(lab, ns, request), 17)).toBe(true);
      }
    }),
  );

  needsLinks(
    "listRoutes() sees what `ip` sees in all tables",
    inLab((lab) => {
      const [ns, oif] = routed(lab);
      lab.sh(ns, ..."ip route add 10.8.0.0/16 dev eth0 table 1000 metric 7".split(" "));
      lab.sh(ns, ..."ip route add default via 10.1.2.1".split(" "));
      const routes = using(lab, ns, (client) => listRoutes(client, 2));
      expect(routes).toContainEqual({
        dst: prefix("10.8.0.0/16"),
        gateway: undefined,
        oif,
        table: 1000,
        scope: 253,
        priority: 7,
      });
      expect(routes).toContainEqual({
        dst: prefix("0.0.0.0/0"),
        gateway: ip("10.1.2.1"),
        oif,
        table: 254,
        scope: 0,
        priority: undefined,
      });
      expect(routes).toHaveLength(lab.ipj(ns, "-4", "route", "show", "table", "all").length);
      const six = using(lab, ns, (client) => listRoutes(client, 10));
      expect(six).toHaveLength(lab.ipj(ns, "-6", "route", "show", "table", "all").length);
    }),
  );
});

needsLinks(
  "forgetNeigh() removes an entry, and is content without one",
  inLab((lab) => {
    const ns = pair(lab);
    const index = indexOf(lab, ns, "eth0");
    change(lab, ns, setUp(index));
    const addresses = ["10.1.2.77", "2001:db8::77"];
    for (const address of addresses)
      lab.sh(ns, ..."ip neigh add lladdr 02:00:00:00:00:99 dev eth0".split(" "), address);
    for (const address of addresses) change(lab, ns, forgetNeigh(index, ip(address)), forgetNeigh(index, ip(address)));
    const left = lab.ipj(ns, "neigh", "show", "dev", "eth0").filter(({ dst }) => addresses.includes(dst));
    expect(left).toEqual([]);
  }),
);

describe("errors", () => {
  needsLinks(
    "carry the kernel's own text where it gives one",
    inLab((lab) => {
      const ns = pair(lab);
      const index = indexOf(lab, ns, "eth0");
      change(lab, ns, addAddr(index, prefix("10.1.2.3/24")), setUp(index));
      const error = refused(lab, ns, addRoute({ dst: prefix("10.9.0.0/16"), gateway: ip("192.0.2.1"), oif: index }));
      expect(error.kernelText).toBe("Nexthop has invalid gateway");
      expect(error.message).toBe(`${error.operation}: ${errnoText(101)} (Nexthop has invalid gateway)`);
    }),
  );

  needsLinks(
    "name the operation, and the errno in words",
    inLab((lab) => {
      expect(refused(lab, lab.host, setUp("nope")).message).toBe("ip link set nope up: no such device");
      expect(refused(lab, lab.host, deleteLink(9999)).message).toBe("ip link del 9999: no such device");
      change(lab, lab.host, addBridge(BRIDGE));
      const again = refused(lab, lab.host, addBridge(BRIDGE));
      expect(again.message).toBe("ip link add br0 address 02:00:00:00:00:01 type bridge: file exists");
    }),
  );

  needsLinks(
    "of one request in the middle do not keep the others from being done",
    inLab((lab) => {
      change(lab, lab.host, addBridge(BRIDGE));
      const outcome = using(lab, lab.host, (client) =>
        client.attempt([setAlias("br0", "first"), setUp("nope"), deleteAddr(9999, prefix("10.0.0.1/8")), setUp("br0")]),
      );
      expect(outcome.map((error) => error?.operation)).toEqual([
        undefined,
        "ip link set nope up",
        "ip addr del 10.0.0.1/8 dev 9999",
        undefined,
      ]);
      expect(look(lab, lab.host, "br0")).toMatchObject({ ifalias: "first", flags: expect.arrayContaining(["UP"]) });
    }),
  );
});

needsLinks(
  "one datagram carries many changes, done in their order",
  inLab((lab) => {
    change(lab, lab.host, addBridge(BRIDGE));
    const index = indexOf(lab, lab.host, "br0");
    const all = Array.from({ length: 200 }, (_, i) => addAddr(index, prefix(`10.1.${i}.1/24`)));
    change(lab, lab.host, ...all);
    expect(lab.addrs(lab.host, "br0")).toEqual(Array.from({ length: 200 }, (_, i) => `10.1.${i}.1/24`));
    expect(using(lab, lab.host, (client) => listAddrs(client, index, 2))).toHaveLength(200);
  }),
);
