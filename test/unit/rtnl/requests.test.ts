/** The requests that rtnl's verbs make, against bytes that `ip` sent or the kernel took: test/wire/request-*.hex. */
import { describe, expect, test } from "bun:test";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../../src/base/ip.ts";
import { type Mac, parseMac } from "../../../src/base/mac.ts";
import { commandsOf, type Request } from "../../../src/netlink/request.ts";
import { addAddr, deleteAddr, ensureAddr } from "../../../src/rtnl/addr.ts";
import {
  addBridge,
  addVeth,
  deleteLink,
  setAlias,
  setNoLinkLocal,
  setPort,
  setUp,
  setUpNotifying,
} from "../../../src/rtnl/link.ts";
import { forgetNeigh } from "../../../src/rtnl/neigh.ts";
import { addRoute, deleteRoute, TABLE_LOCAL } from "../../../src/rtnl/route.ts";
import {
  addrAttrs,
  addrHeader,
  bridgeAttrs,
  IN6_ADDR_GEN_MODE_NONE,
  linkAttrs,
  linkFamilies,
  linkHeader,
  neighAttrs,
  routeAttrs,
  routeHeader,
} from "../../../src/rtnl/tables.ts";
import { setMtu, setTxqlen, tuningAttrs } from "../../../src/rtnl/tune-link.ts";
import { addVlans, deleteVlans } from "../../../src/rtnl/vlan.ts";
import type { Coder } from "../../../src/wire/coder.ts";
import { type Reader, Writer } from "../../../src/wire/cursor.ts";
import { writeMessage } from "../../../src/wire/message.ts";
import { dump } from "../../support/hex.ts";
import { bytesOf, type Captured, encoded, messagesOf } from "./captured.ts";

const ip = (text: string) => parseIp(text) as Ip;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const mac = (text: string) => parseMac(text) as Mac;

const BRIDGE = { index: 2, name: "br0" };
const VETH = { name: "v0", mac: mac("02:00:00:00:00:02"), mtu: 1400, master: BRIDGE };
const PEER = { name: "eth0", mac: mac("02:00:00:00:00:03"), mtu: 1400, netns: { fd: 4, path: "/run/netns/c1" } };

const VLANS = [
  { first: 100, last: 100, pvid: true, untagged: true },
  { first: 200, last: 203, pvid: false, untagged: false },
  { first: 300, last: 300, pvid: false, untagged: false },
];

const REQUESTS: [operation: string, captured: Captured, request: Request][] = [
  [
    "ip link add br0 address 02:00:00:00:00:01 mtu 1400 type bridge",
    "bridge",
    addBridge({ name: "br0", mac: mac("02:00:00:00:00:01"), mtu: 1400 }),
  ],
  [
    "ip link add v0 address 02:00:00:00:00:02 mtu 1400 master br0 type veth peer name eth0 address 02:00:00:00:00:03 mtu 1400 netns /run/netns/c1",
    "veth",
    addVeth(VETH, PEER),
  ],
  ["ip link del if3", "linkDel", deleteLink(3)],
  ["ip link set if3 up", "up", setUp(3)],
  ["ip link set v0 up", "up", setUp({ index: 3, name: "v0" })],
  ["ip link set if3 up && sysctl -w net.ipv4.conf.if3.arp_notify=1", "upNotifying", setUpNotifying(3)],
  ["ip link set if3 addrgenmode none", "noLinkLocal", setNoLinkLocal(3)],
  ["ip link set if3 alias berth:net/c1/eth0", "alias", setAlias(3, "berth:net/c1/eth0")],
  ["ip link set if3 mtu 1400", "mtu", setMtu(3, 1400)],
  ["ip link set if3 txqueuelen 500", "txqlen", setTxqlen(3, 500)],
  ["ip link set if3 type bridge_slave hairpin on isolated on", "port", setPort(3, { hairpin: true, isolated: true })],
  ["ip addr add 10.1.2.3/24 dev if2", "addr4", addAddr(2, prefix("10.1.2.3/24"))],
  ["ip addr add 10.1.2.3/24 dev br0", "addr4", addAddr(BRIDGE, prefix("10.1.2.3/24"))],
  ["ip addr add 10.1.2.3/24 dev if2", "addr4", ensureAddr(2, prefix("10.1.2.3/24"))],
  ["ip addr add 2001:db8::3/64 dev if2", "addr6", addAddr(2, prefix("2001:db8::3/64"))],
  ["ip addr del 10.1.2.3/24 dev br0", "addrDel", deleteAddr(BRIDGE, prefix("10.1.2.3/24"))],
  ["ip addr del 10.1.2.3/24 dev if2", "addrDel", deleteAddr(2, prefix("10.1.2.3/24"))],
  [
    "ip route add 10.9.0.0/16 via 10.1.2.1 dev if2",
    "route4",
    addRoute({ dst: prefix("10.9.0.0/16"), gateway: ip("10.1.2.1"), oif: 2 }),
  ],
  [
    "ip route add 2001:db8:9::/48 via 2001:db8::1 dev br0",
    "route6",
    addRoute({ dst: prefix("2001:db8:9::/48"), gateway: ip("2001:db8::1"), oif: BRIDGE }),
  ],
  [
    "ip route add 10.8.0.0/16 dev if2",
    "routeTable",
    addRoute({ dst: prefix("10.8.0.0/16"), oif: 2, table: 1000, priority: 5, scope: 253 }),
  ],
  ["ip route del ff00::/8 dev if3", "routeDel", deleteRoute({ dst: prefix("ff00::/8"), oif: 3, table: TABLE_LOCAL })],
  [
    "bridge vlan add dev v0 vid 100 pvid untagged, vid 200-203, vid 300",
    "vlanAdd",
    addVlans({ index: 3, name: "v0" }, VLANS),
  ],
  ["bridge vlan del dev if3 vid 1", "vlanDel", deleteVlans(3, [{ first: 1, last: 1, pvid: false, untagged: false }])],
  ["ip neigh del 10.1.2.77 dev br0", "neighDel", forgetNeigh(BRIDGE, ip("10.1.2.77"))],
];

test.each(REQUESTS)("%s is sent as the bytes captured in %s", (operation, captured, request) => {
  expect(dump(encoded(request))).toBe(dump(bytesOf(captured)));
  expect(commandsOf(request).join(" && ")).toBe(operation);
});

describe("the tables decode what they encode:", () => {
  const peer = { header: { index: 0, flags: 0, change: 0 }, ifname: "eth0", address: PEER.mac, mtu: 1400, netnsFd: 4 };
  // biome-ignore lint/suspicious/noExplicitAny: rows of every table
  const rows: [Captured, header: Coder<any>, attributes: Coder<any>, headerValue: object, value: object][] = [
    [
      "bridge",
      linkHeader,
      bridgeAttrs,
      { index: 0, flags: 0, change: 0 },
      { ifname: "br0", address: mac("02:00:00:00:00:01"), mtu: 1400, linkInfo: { kind: "bridge", data: {} } },
    ],
    [
      "veth",
      linkHeader,
      linkAttrs,
      { index: 0, flags: 0, change: 0 },
      { ifname: "v0", address: VETH.mac, mtu: 1400, master: 2, linkInfo: { kind: "veth", veth: { peer } } },
    ],
    ["up", linkHeader, linkAttrs, { index: 3, flags: 1, change: 1 }, {}],
    ["mtu", linkHeader, tuningAttrs, { index: 3, flags: 0, change: 0 }, { mtu: 1400 }],
    ["txqlen", linkHeader, tuningAttrs, { index: 3, flags: 0, change: 0 }, { txqlen: 500 }],
    ["alias", linkHeader, linkAttrs, { index: 3, flags: 0, change: 0 }, { alias: "berth:net/c1/eth0" }],
    [
      "noLinkLocal",
      linkHeader,
      linkFamilies,
      { index: 3, flags: 0, change: 0 },
      { afSpec: { inet6: { addrGenMode: IN6_ADDR_GEN_MODE_NONE } } },
    ],
    [
      "upNotifying",
      linkHeader,
      linkFamilies,
      { index: 3, flags: 1, change: 1 },
      { afSpec: { inet: { conf: { arpNotify: 1 } } } },
    ],
    [
      "port",
      linkHeader,
      linkAttrs,
      { index: 3, flags: 0, change: 0 },
      { linkInfo: { slaveKind: "bridge", slaveData: { hairpin: 1, isolated: 1 } } },
    ],
    [
      "addr4",
      addrHeader,
      addrAttrs,
      { family: 2, prefixLength: 24, flags: 0, scope: 0, index: 2 },
      { local: ip("10.1.2.3"), address: ip("10.1.2.3"), broadcast: ip("10.1.2.255") },
    ],
    [
      "addr6",
      addrHeader,
      addrAttrs,
      { family: 10, prefixLength: 64, flags: 0, scope: 0, index: 2 },
      { local: ip("2001:db8::3"), address: ip("2001:db8::3") },
    ],
    [
      "route4",
      routeHeader,
      routeAttrs,
      { family: 2, dstLength: 16, table: 254, protocol: 3, scope: 0, type: 1 },
      { dst: ip("10.9.0.0"), gateway: ip("10.1.2.1"), oif: 2 },
    ],
    [
      "routeTable",
      routeHeader,
      routeAttrs,
      { family: 2, dstLength: 16, table: 0, protocol: 3, scope: 253, type: 1 },
      { dst: ip("10.8.0.0"), oif: 2, priority: 5, table: 1000 },
    ],
  ];
  test.each(rows)("%s", (captured, header, attributes, headerValue, value) => {
    const [message] = messagesOf(captured);
    const body = message?.body as Reader;
    expect(header.decode(body)).toEqual(headerValue);
    expect(attributes.decode(body)).toEqual(value);
    const w = new Writer();
    const write = () => {
      header.encode(w, headerValue);
      attributes.encode(w, value);
    };
    writeMessage(w, message?.type ?? 0, message?.flags ?? 0, 1, write, undefined);
    expect(dump(w.finish())).toBe(dump(bytesOf(captured)));
  });

  test("neighDel", () => {
    const body = messagesOf("neighDel")[0]?.body as Reader;
    body.skip(12);
    expect(neighAttrs.decode(body)).toEqual({ dst: ip("10.1.2.77") });
  });
});
