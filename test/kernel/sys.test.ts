import { expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { libc } from "../../src/sys/bun/libc.ts";
import * as sys from "../../src/sys/bun/sys.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { can, namespaces, needs, needsRoot } from "../support/needs.ts";

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const NETLINK_NETFILTER = 12;
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const NLMSG_DONE = 3;
const HEADER = 16;

const here = (): string => readlinkSync("/proc/thread-self/ns/net");

/** nlmsghdr and rtgenmsg: asks for a dump of all links. */
function getLinks(seq: number): Uint8Array {
  const message = new DataView(new ArrayBuffer(HEADER + 4));
  message.setUint32(0, HEADER + 1, true);
  message.setUint16(4, RTM_GETLINK, true);
  message.setUint16(6, 0x301, true); // NLM_F_REQUEST | NLM_F_DUMP
  message.setUint32(8, seq, true);
  return new Uint8Array(message.buffer, 0, HEADER + 1);
}

/** The types of the messages in the datagrams up to NLMSG_DONE. */
function typesUpToDone(socket: number): number[] {
  const types: number[] = [];
  while (!types.includes(NLMSG_DONE)) {
    const datagram = sys.receive(socket, 1000);
    const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    for (let at = 0; at < view.byteLength; at += (view.getUint32(at, true) + 3) & ~3) {
      types.push(view.getUint16(at + 4, true));
    }
  }
  return types;
}

needsRoot(
  "inNetns() runs in the namespace and comes back, also from a throw",
  inLab((lab) => {
    const home = here();
    const inside = lab.within(lab.host, here);
    expect(inside).not.toBe(home);
    expect(here()).toBe(home);
    expect(() =>
      lab.within(lab.host, () => {
        throw new Error(here());
      }),
    ).toThrow(inside);
    expect(here()).toBe(home);
  }),
);

needsRoot(
  "inNetns() nests",
  inLab((lab) => {
    const other = lab.container();
    const [first, second, third] = lab.within(lab.host, () => [here(), lab.within(other, here), here()]);
    expect(first).toBe(third);
    expect(second).not.toBe(first);
  }),
);

needsRoot("inNetns() refuses what is no namespace, and stays", () => {
  const home = here();
  const fd = sys.open("/dev/null", 0);
  expect(() => sys.inNetns(fd, () => "never")).toThrow(expect.objectContaining({ syscall: "setns", code: "EINVAL" }));
  sys.close(fd);
  expect(here()).toBe(home);
});

needsRoot(
  "run() starts its child in the namespace it is called in",
  inLab((lab) => {
    const child = lab.within(lab.host, () => sys.run("/usr/bin/readlink", { args: ["/proc/self/ns/net"], env: [] }));
    expect(child.stdout.trim()).toBe(lab.within(lab.host, here));
  }),
);

needsRoot(
  "a netlink socket stays in the namespace it was opened in",
  inLab((lab) => {
    const ns = lab.container();
    for (const name of ["v0", "v1", "v2"]) lab.sh(ns, "ip", "link", "add", name, "type", "veth", "peer", `${name}p`);
    const socket = lab.within(ns, () => sys.netlinkOpen(NETLINK_ROUTE));
    sys.send(socket, getLinks(1));
    const types = typesUpToDone(socket);
    sys.close(socket);
    expect(types.filter((type) => type === RTM_NEWLINK)).toHaveLength(lab.ipj(ns, "link").length);
  }),
);

needsRoot(
  "receive() takes datagrams of any size whole and gives EAGAIN when there is none",
  inLab((lab) => {
    const socket = lab.within(lab.host, () => sys.netlinkOpen(NETLINK_ROUTE));
    sys.send(socket, getLinks(2));
    const datagram = sys.receive(socket);
    expect(new DataView(datagram.buffer).getUint32(0, true)).toBeWithin(HEADER, datagram.length + 1);
    typesUpToDone(socket);
    const before = sys.monotonic();
    expect(() => sys.receive(socket, 20)).toThrow(expect.objectContaining({ code: "EAGAIN" }));
    expect(sys.monotonic() - before).toBeWithin(20, 500);
    sys.close(socket);
  }),
);

needsRoot(
  "receive() drops what another process sends",
  inLab((lab) => {
    const [receiver, liar] = lab.within(lab.host, () => [
      sys.netlinkOpen(NETLINK_ROUTE),
      sys.netlinkOpen(NETLINK_ROUTE),
    ]);
    const port = process.pid; // what bind(2) gives the first socket of a process in a namespace
    const lie = getLinks(666);
    const address = new Uint32Array([AF_NETLINK, port, 0]);
    expect(libc.sendto(liar, lie, lie.length, 0, address, address.byteLength)).toBe(lie.length);
    sys.send(receiver, getLinks(3));
    const datagram = sys.receive(receiver, 1000);
    expect(new DataView(datagram.buffer).getUint32(8, true)).toBe(3);
    expect(() => {
      for (;;) expect(new DataView(sys.receive(receiver, 20).buffer).getUint32(8, true)).toBe(3);
    }).toThrow(expect.objectContaining({ code: "EAGAIN" }));
    sys.close(receiver);
    sys.close(liar);
  }),
);

needsRoot(
  "hasIfindex() knows a link under whatever name, until it is gone, and only in its namespace",
  inLab((lab) => {
    const has = (ns: string) => lab.within(ns, () => sys.hasIfindex(77));
    const ip = (...words: string[]) => lab.sh(lab.host, "ip", "link", ...words);
    expect(has(lab.host)).toBe(false);
    ip("add", "before", "index", "77", "type", "veth", "peer", "name", "other");
    expect([has(lab.host), has(lab.container())]).toEqual([true, false]);
    ip("set", "before", "name", "after");
    expect(has(lab.host)).toBe(true);
    const elsewhere = lab.container();
    ip("set", "after", "netns", elsewhere);
    expect([has(lab.host), has(elsewhere)]).toEqual([false, true]);
    lab.sh(elsewhere, "ip", "link", "del", "after");
    expect(has(elsewhere)).toBe(false);
  }),
);

needsRoot(
  "netlinkOption() reaches SOL_NETLINK",
  inLab((lab) => {
    const socket = lab.within(lab.host, () => sys.netlinkOpen(NETLINK_NETFILTER));
    const NETLINK_EXT_ACK = 11;
    sys.netlinkOption(socket, NETLINK_EXT_ACK, 1);
    expect(() => sys.netlinkOption(socket, 9999, 1)).toThrow(expect.objectContaining({ code: "ENOPROTOOPT" }));
    sys.close(socket);
  }),
);

function cookieOf(lab: Lab, ns = lab.host): string | undefined {
  const socket = lab.within(ns, () => sys.netlinkOpen(NETLINK_ROUTE));
  try {
    return sys.netnsCookie(socket);
  } finally {
    sys.close(socket);
  }
}

needsRoot(
  "netnsCookie() tells namespaces apart and a namespace is always the same",
  inLab((lab) => {
    const cookie = cookieOf(lab);
    if (cookie === undefined) return console.log("this kernel has no SO_NETNS_COOKIE (Linux 5.14)");
    expect(cookie).toMatch(/^[1-9]\d*$/);
    expect(cookieOf(lab)).toBe(cookie);
    expect(cookieOf(lab, lab.container())).not.toBe(cookie);
  }),
);

test.each(["", "eth0", "\0", "é\u{10000}", "\ud800", "a\udc00b"])(
  "encodeUtf8(%p) writes what TextEncoder does",
  (text) => {
    expect(sys.encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
  },
);

test("decodeUtf8() reads it back, and nothing else", () => {
  for (const text of ["", "eth0", "\0", "é\u{10000}", "\ufeff"])
    expect(sys.decodeUtf8(sys.encodeUtf8(text))).toBe(text);
  for (const bytes of [[0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80]]) {
    expect(sys.decodeUtf8(Uint8Array.from(bytes))).toBeUndefined();
  }
});

needsRoot(
  "sendPacket() sends what it is given, and says what the kernel says against it",
  inLab((lab) => {
    const packet = Uint8Array.of(0x45, 0, 0, 20, 0, 0, 0, 0, 64, 253, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1);
    lab.within(lab.host, () => {
      expect(() => sys.sendPacket(packet, Uint8Array.of(127, 0, 0, 1))).not.toThrow();
      const away = () => sys.sendPacket(packet, Uint8Array.of(192, 0, 2, 1));
      expect(away).toThrow(expect.objectContaining({ code: "ENETUNREACH" }));
      expect(() => sys.sendPacket(packet, new Uint8Array(5))).toThrow(expect.objectContaining({ code: "EINVAL" }));
    });
    // Of a protocol that nobody speaks: the kernel answers that.
    expect(lab.sh(lab.host, "cat", "/proc/net/snmp")).toMatch(/\nIcmp: .*\nIcmp: [1-9]/);
  }),
);

needs(namespaces, can("TUN devices", "ip", "tuntap", "add", "dev", "probe0", "mode", "tun"))(
  "openTun() makes an interface that goes with its descriptor",
  inLab((lab) => {
    const fd = lab.within(lab.host, () => sys.openTun("tun7"));
    expect(lab.ipj(lab.host, "link", "show", "tun7")).toHaveLength(1);
    const again = () => lab.within(lab.host, () => sys.openTun("tun7"));
    expect(again).toThrow(expect.objectContaining({ code: "EBUSY", path: "tun7" }));
    sys.close(fd);
    expect(lab.attempt(lab.host, "ip", "link", "show", "tun7").status).not.toBe(0);
  }),
);
