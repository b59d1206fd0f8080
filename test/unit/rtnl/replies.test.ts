/** What rtnl reads, from what Linux 6.18 sent: test/wire/reply-*.hex. */
import { describe, expect, test } from "bun:test";
import { formatIp, formatPrefix } from "../../../src/base/ip.ts";
import { formatMac } from "../../../src/base/mac.ts";
import { Client } from "../../../src/netlink/client.ts";
import type { Socket } from "../../../src/netlink/socket.ts";
import { listAddrs } from "../../../src/rtnl/addr.ts";
import { findLink } from "../../../src/rtnl/find-link.ts";
import { decodeLink, type Link } from "../../../src/rtnl/read-link.ts";
import { listRoutes } from "../../../src/rtnl/route.ts";
import { listVlans } from "../../../src/rtnl/vlan.ts";
import { type Message, Messages } from "../../../src/wire/message.ts";
import { hex } from "../../support/hex.ts";
import { fieldsOf } from "../../support/link-fields.ts";
import doneText from "../../wire/reply-done.hex" with { type: "text" };
import errorText from "../../wire/reply-error.hex" with { type: "text" };
import { bytesOf, type Captured, messagesOf } from "./captured.ts";

/** A kernel that answers whatever it is asked with these datagrams, made answers to the first request. */
function answering(...datagrams: Uint8Array[]): Client {
  const replies = datagrams.map((datagram) => {
    const copy = datagram.slice();
    for (let at = 0; at < copy.length; at += (((copy[at] ?? 0) | ((copy[at + 1] ?? 0) << 8)) + 3) & ~3)
      copy[at + 8] = 1;
    return copy;
  });
  const socket: Socket = {
    send() {},
    receive: () => replies.shift() ?? expect.unreachable("nothing more comes"),
    cookie: () => undefined,
    close() {},
  };
  return new Client(socket);
}

const link = (captured: Captured): Link => fieldsOf(decodeLink(messagesOf(captured)[0] as Message));

describe("decodeLink()", () => {
  test("reads a bridge", () => {
    const { mac, flags, ...rest } = link("replyBridge");
    expect([formatMac(mac), flags & 1]).toEqual(["02:00:00:00:00:01", 1]);
    expect(rest).toEqual({
      index: 2,
      name: "br0",
      kind: "bridge",
      mtu: 1400,
      txqlen: 1000,
      operstate: "up",
      master: 0,
      peer: 0,
      alias: "",
      promiscuity: 0,
      acceptRa: 1,
      addrGenMode: 0,
      vlanFiltering: false,
    });
  });

  test("reads a bridge's port that is a veth", () => {
    const { mac, flags, ...rest } = link("replyPort");
    expect([formatMac(mac), flags & 1]).toEqual(["02:00:00:00:00:02", 1]);
    expect(rest).toEqual({
      index: 3,
      name: "v0",
      kind: "veth",
      mtu: 1400,
      txqlen: 1000,
      operstate: "up",
      master: 2,
      peer: 2,
      alias: "berth:net/c1/eth0",
      promiscuity: 1,
      acceptRa: 1,
      addrGenMode: 0,
      vlanFiltering: false,
      port: { hairpin: true, isolated: true, number: 1 },
    });
  });

  test("keeps nothing of the message, which is the next one soon", () => {
    const messages = new Messages();
    messages.open(bytesOf("replyPort"));
    messages.next();
    const link = decodeLink(messages);
    messages.open(bytesOf("replyBridge"));
    messages.next();
    expect(decodeLink(messages).name).toBe("br0");
    expect([formatMac(link.mac), link.name]).toEqual(["02:00:00:00:00:02", "v0"]);
  });
});

test("findLink() is undefined where the kernel says ENODEV", () => {
  expect(findLink(answering(hex(errorText)), "nope")).toBeUndefined();
});

test("listAddrs() reads both families of one interface", () => {
  const addrs = listAddrs(answering(bytesOf("replyAddrs"), hex(doneText)), 2);
  expect(addrs.map(({ prefix, ...rest }) => ({ prefix: formatPrefix(prefix), ...rest }))).toEqual([
    { prefix: "10.1.2.3/24", index: 2, flags: 0x80, scope: 0 },
    { prefix: "2001:db8::3/64", index: 2, flags: 0x80, scope: 0 },
    { prefix: "fe80::ff:fe00:1/64", index: 2, flags: 0x80, scope: 253 },
  ]);
});

test("listAddrs() leaves out other interfaces, which kernels without strict checks list", () => {
  expect(listAddrs(answering(bytesOf("replyAddrs"), hex(doneText)), 3)).toEqual([]);
});

test.each([
  [
    "replyRoutes4",
    2,
    [
      { dst: "10.8.0.0/16", gateway: undefined, oif: 2, table: 1000, scope: 253, priority: 5 },
      { dst: "10.1.2.0/24", gateway: undefined, oif: 2, table: 254, scope: 253, priority: undefined },
      { dst: "10.9.0.0/16", gateway: "10.1.2.1", oif: 2, table: 254, scope: 0, priority: undefined },
    ],
  ],
  [
    "replyRoutes6",
    10,
    [
      { dst: "2001:db8::/64", gateway: undefined, oif: 2, table: 254, scope: 0, priority: 256 },
      { dst: "2001:db8:9::/48", gateway: "2001:db8::1", oif: 2, table: 254, scope: 0, priority: 1024 },
    ],
  ],
] as const)("listRoutes() reads %s", (captured, family, expected) => {
  const routes = listRoutes(answering(bytesOf(captured), hex(doneText)), family);
  const read = routes.map(({ dst, gateway, ...rest }) => ({
    dst: formatPrefix(dst),
    gateway: gateway && formatIp(gateway),
    ...rest,
  }));
  expect(read).toEqual(expected as unknown as typeof read);
});

test("listRoutes() reads the gateways of a route over several", () => {
  const [route] = listRoutes(answering(bytesOf("replyRouteHops"), hex(doneText)), 10);
  expect([route?.gateway, route?.oif, route?.hops?.map(formatIp)]).toEqual([
    undefined,
    0,
    ["2001:db8::1", "2001:db8::2"],
  ]);
});

describe("listVlans()", () => {
  test("reads the VLANs of a port, ranges as such", () => {
    const plain = { pvid: false, untagged: false };
    expect(listVlans(answering(bytesOf("replyVlans"), hex(doneText)), 3)).toEqual([
      { first: 1, last: 1, pvid: false, untagged: true },
      { first: 100, last: 100, pvid: true, untagged: true },
      { first: 200, last: 203, ...plain },
      { first: 300, last: 300, ...plain },
    ]);
  });
});
