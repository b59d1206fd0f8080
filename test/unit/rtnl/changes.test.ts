/** What requests about links, addresses and routes say. */
import { describe, expect, test } from "bun:test";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../../src/base/ip.ts";
import { type Mac, parseMac } from "../../../src/base/mac.ts";
import type { Request } from "../../../src/netlink/request.ts";
import { addAddr, ensureAddr } from "../../../src/rtnl/addr.ts";
import { deleteLink, setDown, setMac, setMaster, setPromisc, setUpPort } from "../../../src/rtnl/link.ts";
import { addRoute } from "../../../src/rtnl/route.ts";
import { addrAttrs, addrHeader, linkAttrs, linkHeader, routeAttrs, routeHeader } from "../../../src/rtnl/tables.ts";
import { switchAllmulti, switchPromisc } from "../../../src/rtnl/tune-link.ts";
import type { Reader } from "../../../src/wire/cursor.ts";
import { readMessages } from "../../../src/wire/message.ts";
import { encoded } from "./captured.ts";

const ip = (text: string) => parseIp(text) as Ip;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const mac = (text: string) => parseMac(text) as Mac;

const BRIDGE = { index: 2, name: "br0" };
const VETH = { name: "v0", mac: mac("02:00:00:00:00:02"), mtu: 1400, master: BRIDGE };

/** Header and attributes of the one message that a request about a link makes. */
function linkRequest(request: Request) {
  const body = readMessages(encoded(request))[0]?.body as Reader;
  return { header: linkHeader.decode(body), ...linkAttrs.decode(body) };
}

test("a link is named by its index, or else by IFLA_IFNAME", () => {
  expect(linkRequest(deleteLink(3))).toEqual({ header: { index: 3, flags: 0, change: 0 } });
  expect(linkRequest(deleteLink("v0"))).toEqual({ header: { index: 0, flags: 0, change: 0 }, ifname: "v0" });
});

test.each<[words: string, request: Request]>([
  ["ip link set v0 down", setDown("v0")],
  ["ip link set if3 promisc on", setPromisc(3)],
  ["ip link set if3 promisc off", switchPromisc(3, false)],
  ["ip link set v0 allmulticast on", switchAllmulti("v0", true)],
  ["ip link set v0 address 02:00:00:00:00:02", setMac("v0", VETH.mac)],
  ["ip link set v0 master br0", setMaster("v0", BRIDGE)],
  ["ip link set if3 master if0", setMaster(3, 0)],
  [
    "ip link set v0 alias x up type bridge_slave hairpin off isolated on",
    setUpPort("v0", { hairpin: false, isolated: true }, "x"),
  ],
])("%s is what a change says", (words, request) => {
  expect(request.form.text(request.object)).toBe(words);
});

test("setMaster() and setUpPort() write what they say", () => {
  expect(linkRequest(setMaster("v0", 0))).toMatchObject({ ifname: "v0", master: 0 });
  expect(linkRequest(setUpPort(3, { hairpin: false, isolated: true }, "x"))).toEqual({
    header: { index: 3, flags: 1, change: 1 },
    alias: "x",
    linkInfo: { slaveKind: "bridge", slaveData: { hairpin: 0, isolated: 1 } },
  });
});

test("setDown(), setPromisc(), switchPromisc() and switchAllmulti() change one flag only", () => {
  expect(linkRequest(setDown(3)).header).toEqual({ index: 3, flags: 0, change: 0x1 });
  expect(linkRequest(setPromisc(3)).header).toEqual({ index: 3, flags: 0x100, change: 0x100 });
  expect(linkRequest(switchPromisc(3, false)).header).toEqual({ index: 3, flags: 0, change: 0x100 });
  expect(linkRequest(switchAllmulti(3, true)).header).toEqual({ index: 3, flags: 0x200, change: 0x200 });
  expect(linkRequest(switchAllmulti(3, false)).header).toEqual({ index: 3, flags: 0, change: 0x200 });
});

describe("addAddr()", () => {
  const broadcast = (text: string) => {
    const body = readMessages(encoded(addAddr(2, prefix(text))))[0]?.body as Reader;
    addrHeader.decode(body);
    return addrAttrs.decode(body).broadcast;
  };

  test("sets the broadcast address of IPv4 subnets that have one", () => {
    expect(broadcast("10.1.2.3/23")).toEqual(ip("10.1.3.255"));
    expect(broadcast("10.1.2.3/30")).toEqual(ip("10.1.2.3"));
    for (const none of ["10.1.2.3/31", "10.1.2.3/32", "2001:db8::3/64"]) expect(broadcast(none)).toBeUndefined();
  });

  test("fails with EEXIST where ensureAddr() does not", () => {
    expect(addAddr(2, prefix("10.1.2.3/24")).tolerate).toBeUndefined();
    expect(ensureAddr(2, prefix("10.1.2.3/24")).tolerate).toEqual([17]);
  });
});

describe("addRoute()", () => {
  const decoded = (request: Request) => {
    const body = readMessages(encoded(request))[0]?.body as Reader;
    return { header: routeHeader.decode(body), ...routeAttrs.decode(body) };
  };
  const dst = prefix("0.0.0.0/0");

  test.each([
    [undefined, 254, undefined],
    [0, 0, undefined],
    [254, 254, undefined],
    [255, 255, undefined],
    [256, 0, 256],
    [0xfffffffe, 0, 0xfffffffe],
  ])("puts table %p into the header where it fits", (table, inHeader, attribute) => {
    const { header, table: found } = decoded(addRoute({ dst, oif: 2, table }));
    expect([header.table, found]).toEqual([inHeader, attribute]);
  });

  test("sends no metric where there is none, or 0", () => {
    expect(decoded(addRoute({ dst, oif: 2 }))).not.toHaveProperty("priority");
    expect(decoded(addRoute({ dst, oif: 2, priority: 0 }))).not.toHaveProperty("priority");
    expect(decoded(addRoute({ dst, oif: 2, priority: 1024 })).priority).toBe(1024);
  });
});
