/** What berth/netlink says of values that are none, without a kernel; and of hosts that are not Bun. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Explained } from "../../../src/base/explained.ts";
import type { NfTables, Rtnetlink } from "../../../src/library/bun/netlink.ts";
import { Transaction } from "../../../src/library/bun/nft-transaction.ts";
import { macOf, nameOf, networkOf, networkText, someMac, wholeOf, wordOf } from "../../../src/library/bun/values.ts";
import type { Family } from "../../../src/nft/objects.ts";

function explained(fn: () => unknown): Explained {
  try {
    fn();
  } catch (error) {
    if (error instanceof Explained) return error;
    throw error;
  }
  expect.unreachable(`${fn} was not refused`);
}

describe("values", () => {
  test.each(["", "a/b", "a b", "a:b", "..", "é".repeat(8), "0123456789abcdef"])("%j is no name of a link", (name) => {
    expect(explained(() => nameOf("peer.name", name)).message).toStartWith(`peer.name: ${JSON.stringify(name)} is not`);
  });
  test.each(["02:00", "01:00:00:00:00:01", "00:00:00:00:00:00", "02:00:00:00:00:00:00:01"])(
    "%s is no MAC of one",
    (mac) => {
      expect(explained(() => macOf("mac", mac)).details).toContain('"02:00:00:00:00:01"');
    },
  );
  test.each([-1, 1.5, Number.NaN, 65536, "1" as never])("%p is no whole number of 16 bits", (value) => {
    expect(explained(() => wholeOf("port", value, 0, 65535)).message).toContain(
      "is not a whole number from 0 to 65535",
    );
  });
  test("someMac() gives one that macOf() takes, and not twice the same", () => {
    const texts = Array.from({ length: 64 }, () =>
      Array.from(someMac(), (byte) => byte.toString(16).padStart(2, "0")).join(":"),
    );
    for (const text of texts) expect((macOf("mac", text)[0] ?? 0) & 3).toBe(2);
    expect(new Set(texts).size).toBe(64);
  });
  test("networks and words", () => {
    expect(["10.0.0.1", "10.0.0.0/8", "fd00::/8", "::1"].map((text) => networkText(networkOf("to", text)))).toEqual([
      "10.0.0.1",
      "10.0.0.0/8",
      "fd00::/8",
      "::1",
    ]);
    expect([wordOf({ a: 1, b: 2 }, 2), wordOf({ a: 1 }, 9)]).toEqual(["b", "9"]);
  });
});

describe("Transaction", () => {
  const REFUSED: [family: Family, rule: string, message: string][] = [
    ["ip", "ip6 saddr fd00::1 accept", '"ip6 saddr" is nothing that berth looks at'],
    ["inet", "ip saddr 10.0.0.1 accept", '"ip saddr" is nothing that berth looks at'],
    ["bridge", "tcp dport 80", '"tcp dport" is nothing that berth looks at'],
    ["ip", "ether saddr 02:00:00:00:00:01", '"ether" cannot be in a table of the family ip'],
    ["bridge", "ether saddr 02:00", '"02:00" is no MAC address'],
    ["ip", "tcp dport 80 udp sport 53", '"udp sport" says of another protocol than what is before it'],
    ["ip", "tcp dport @a udp sport @b", '"udp sport" says of another protocol than what is before it'],
    ["ip", "ip saddr 10.0.0.0/33", '"10.0.0.0/33" is no value to compare with'],
    ["ip", "ip saddr & 255.0.255.0 . ip daddr @s", '"255.0.255.0" is no mask'],
    ["ip", "ip saddr . tcp dport @s", '"tcp dport" cannot be part of a concatenation'],
    ["ip", "ip saddr . ip daddr pods", '"pods" is no set'],
    ["ip", "dnat ip to ip daddr @m", '"@m" does not follow "dnat to …"'],
    ["inet", "dnat ip to meta l4proto map @m", '"dnat" cannot be in a table of the family inet'],
    ["ip", "fib saddr type local", '"saddr" does not follow "fib"'],
    ["ip", "jump", '"jump" is followed by nothing'],
    ["ip", "reject", '"reject" is nothing that berth looks at'],
  ];
  test.each(REFUSED)("in a table %s: %s", (family, rule, message) => {
    const transaction = new Transaction(family, "t");
    const error = explained(() => transaction.addRule("c", rule));
    expect(error.message).toStartWith(message);
    expect(error.details).toMatch(/^expected |^one packet has/);
    expect(transaction.batch.commands).toEqual([]);
  });

  const PORTS = { name: "ports", type: ["inet_proto", "inet_service"], data: ["ipv4_addr"] } as const;
  test.each([
    [["tcp", 70000], ["10.0.0.1"], "key of ports[1]: 70000 is not a whole number from 0 to 65535"],
    [["icmp", 1], ["10.0.0.1"], 'key of ports[0]: "icmp" is not one of tcp, udp, sctp'],
    [["tcp"], ["10.0.0.1"], 'key of ports: ["tcp"] is not a list of 2 values: inet_proto . inet_service'],
    [["tcp", 80], ["fd00::1"], 'data of ports[0]: "fd00::1" is not an IPv4 address'],
    [["tcp", 80], undefined, "data of ports: undefined is not a list of 1 values"],
  ])("%j : %j is no element", (key, data, message) => {
    const add = () => new Transaction("ip", "t").addElements(PORTS, [{ key, data } as never]);
    expect(explained(add).message).toStartWith(message);
  });

  test("names and families", () => {
    expect(explained(() => new Transaction("arp" as Family, "t")).message).toContain(
      'family: "arp" is not one of inet, ip',
    );
    expect(explained(() => new Transaction("ip", "")).message).toBe('table: "" is not a name');
    const flowtable = { kind: "flowtable", name: "f" } as never;
    expect(explained(() => new Transaction("ip", "t").add(flowtable)).message).toContain(
      'kind: "flowtable" is not one of',
    );
  });
});

/** Types, which `npm run types` looks at; run, they would throw. */
export const wrong = (nft: NfTables, rtnl: Rtnetlink) => {
  const pods = { name: "pods", type: "ipv4_addr" } as const;
  const ports = { name: "ports", type: ["inet_proto", "inet_service"], data: ["ipv4_addr", "inet_service"] } as const;
  const tx = new Transaction("ip", "t").addElements(pods, [{ key: "10.0.0.1" }]);
  // @ts-expect-error an address is text
  tx.addElements(pods, [{ key: 1 }]);
  // @ts-expect-error a set is no map
  tx.addElements(pods, [{ key: "10.0.0.1", data: "10.0.0.2" }]);
  // @ts-expect-error a port is a number
  tx.addElements(ports, [{ key: ["tcp", "80"], data: ["10.0.0.1", 80] }]);
  // @ts-expect-error a part is missing
  tx.deleteElements(ports, [["tcp"]]);
  // @ts-expect-error there is no such type
  tx.add({ kind: "set", name: "s", type: "ipv4" });
  // @ts-expect-error a bridge has no peer
  rtnl.link.add({ kind: "bridge", name: "br0", peer: { name: "v1" } });
  // @ts-expect-error a veth has one
  rtnl.link.add({ kind: "veth", name: "v0" });
  // @ts-expect-error there is no such setting
  rtnl.link.set("v0", { uo: true });
  const port: number | undefined = nft.elements("ip", "t", ports)[0]?.data?.[1];
  const address: string | undefined = nft.element("ip", "t", pods, "10.0.0.1")?.key;
  return [port, address];
};

test("the importing program's signals are its own", async () => {
  const entry = join(import.meta.dir, "../../../src/library/bun/netlink.ts");
  const program = `await import(${JSON.stringify(entry)}); console.log("imported"); setInterval(() => {}, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("imported\n");
  child.kill("SIGTERM");
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
});

test("on a host that is not Bun the import fails, and says what to do", async () => {
  const host = "../../../src/library/node/netlink.ts";
  expect(import(host)).rejects.toThrow("berth/netlink needs Bun");
});
