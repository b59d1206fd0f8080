/** Conditions in nft's words. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Explained } from "../../../../src/base/explained.ts";
import { conditionText } from "../../../../src/features/port-map/condition.ts";
import { parseCondition } from "../../../../src/features/port-map/condition-words.ts";
import type { IpFamily } from "../../../../src/features/port-map/nft-layout.ts";

const textOf = (family: IpFamily, text: string) => {
  const condition = parseCondition(family, text);
  return condition && conditionText(condition);
};

describe("parseCondition() takes", () => {
  test.each([
    ["", undefined],
    [" \t", undefined],
    ["ip saddr 10.0.0.1", "ip saddr 10.0.0.1"],
    ["ip saddr 10.1.2.3/8", "ip saddr 10.0.0.0/8"],
    ["ip saddr == 10.0.0.1/32", "ip saddr 10.0.0.1"],
    ["ip daddr != 192.0.2.0-192.0.2.255", "ip daddr != 192.0.2.0/24"],
    ["ip daddr 192.0.2.1-192.0.2.9", "ip daddr 192.0.2.1-192.0.2.9"],
    ["ip  saddr {10.0.0.2,10.0.0.1,}", "ip saddr { 10.0.0.1, 10.0.0.2 }"],
    ["ip saddr ne { 10.0.0.0/8, 10.1.0.0/16, 10.0.0.1 }", "ip saddr != 10.0.0.0/8"],
    ["iifname eth0", 'iifname "eth0"'],
    ['meta iifname != "br-0*" ip saddr 10.0.0.1', 'iifname != "br-0*" ip saddr 10.0.0.1'],
    ["iifname { lo, eth* }", 'iifname { "eth*", "lo" }'],
    ["ip protocol udp", "meta l4proto udp"],
    ["meta l4proto { udp, tcp } th dport 53", "meta l4proto { tcp, udp } th dport 53"],
    ["tcp dport {443, 80, 8000-8999} tcp sport != 1", "tcp dport { 80, 443, 8000-8999 } tcp sport != 1"],
    ["tcp dport { 96-99, 80, 81, 90-95 }", "tcp dport { 80-81, 90-99 }"],
    ["ip saddr { 10.0.0.128/25, 10.0.0.0/25, 10.9.9.9 }", "ip saddr { 10.0.0.0/24, 10.9.9.9 }"],
    ["tcp dport { 81, 80, 81 }", "tcp dport { 80, 81 }"],
    ["iifname { eti, eth* }", 'iifname { "eth*", "eti" }'],
    ["meta l4proto tcp tcp dport eq 1-1", "meta l4proto tcp tcp dport 1"],
  ])("%s", (text, told) => {
    expect(textOf("ip", text)).toBe(told);
  });
});

describe("parseCondition() refuses", () => {
  test.each<[string, string, IpFamily?]>([
    ["ct state new", '"ct state" is nothing that berth looks at'],
    ["ip6 saddr fd00::1", '"ip6 saddr" is nothing that berth looks at'],
    ["ip saddr 10.0.0.1", '"ip saddr" is nothing that berth looks at', "ip6"],
    ["ip saddr 10.0.0.1 counter", '"counter" is nothing'],
    ["toString x", '"toString x" is nothing'],
    ["ip saddr", '"saddr" is followed by nothing'],
    ["ip saddr !=", '"!=" is followed by nothing'],
    ["ip saddr {", '"{" is followed by nothing'],
    ["ip saddr { 10.0.0.1", '"10.0.0.1" is followed by nothing'],
    ["ip saddr { }", '"}" is no value'],
    ["ip saddr { 10.0.0.1 10.0.0.2 }", '"10.0.0.2" is not expected there'],
    ["ip saddr @set", '"@set" is no value'],
    ["ip saddr localhost", '"localhost" is no value'],
    ["ip saddr fd00::1", '"fd00::1" is no value'],
    ["ip saddr 10.0.0.9-10.0.0.1", '"10.0.0.9-10.0.0.1" is no value'],
    ["ip saddr & 255.0.0.0 == 10.0.0.0", '"&" is no value'],
    ["ip saddr 10.0.0.1, 10.0.0.2", '", 10.0.0.2" is nothing'],
    ["tcp dport 65536", '"65536" is no value'],
    ["tcp dport http", '"http" is no value'],
    ["tcp dport < 1024", '"<" is no value'],
    ["tcp dport 80 udp dport 80", '"udp dport" says of another protocol'],
    [Array(41).fill("ip saddr != 10.0.0.0/25").join(" "), '"ip saddr" is one match too many'],
    ["meta l4proto icmp", '"icmp" is no value'],
    ["iifname *", '"*" is no value'],
    ['iifname "a name too long"', '"a name too long" is no value'],
    ['iifname != "br 0*"', '"br 0*" is no value'],
    ["iifname abcdefghijklmnop", '"abcdefghijklmnop" is no value'],
    ["tcp dport 80 accept; flush", '"accept; flush" is nothing'],
  ])("%s", (text, message, family = "ip") => {
    let thrown: unknown;
    try {
      parseCondition(family, text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Explained);
    expect((thrown as Explained).message).toContain(message);
    expect((thrown as Explained).details).toMatch(/^(expected|values in a set|one packet) ?/);
  });
});

const byte = fc.integer({ min: 0, max: 255 });
const ip4 = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join("."));
const group = fc.integer({ min: 0, max: 0xffff }).map((number) => number.toString(16));
const ip6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(":"));
const port = fc.integer({ min: 0, max: 0xffff });
const range = fc.tuple(port, port).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
const network = (address: fc.Arbitrary<string>, most: number) =>
  fc.tuple(address, fc.integer({ min: 0, max: most })).map((parts) => parts.join("/"));
const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,14}$/);
const VALUES = {
  "ip saddr": fc.oneof(ip4, network(ip4, 32)),
  "ip6 daddr": fc.oneof(ip6, network(ip6, 128)),
  iifname: fc.oneof(
    name,
    name.map((text) => `"${text}*"`),
  ),
  "meta l4proto": fc.constantFrom("tcp", "udp", "sctp"),
  "tcp dport": fc.oneof(port.map(String), range),
  "th sport": fc.oneof(port.map(String), range),
};

const match = fc.constantFrom(...(Object.keys(VALUES) as (keyof typeof VALUES)[])).chain((field) => {
  const value = fc.oneof(
    VALUES[field],
    fc.array(VALUES[field], { minLength: 1, maxLength: 5 }).map((values) => `{ ${values.join(", ")} }`),
  );
  return fc.tuple(fc.constantFrom("", "!= ", "== "), value).map(([sign, text]) => `${field} ${sign}${text}`);
});

test("the text of a condition is a condition of the same text", () => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(match, { minLength: 1, maxLength: 4 }),
      fc.constantFrom<IpFamily>("ip", "ip6"),
      (all, family) => {
        const other = family === "ip" ? "ip6 " : "ip ";
        const text = all.filter((one) => !one.startsWith(other)).join(" ");
        let first: ReturnType<typeof parseCondition>;
        try {
          first = parseCondition(family, text);
        } catch (error) {
          // Names may be too long with a "*", and protocols contradict each other.
          if (error instanceof Explained) return;
          throw error;
        }
        if (!first) return;
        taken++;
        expect(parseCondition(family, conditionText(first))).toEqual(first);
      },
    ),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(800);
});

test("whatever the words are, a condition is read or refused", () => {
  const words = fc.constantFrom(
    "ip",
    "saddr",
    "{",
    "}",
    ",",
    "!=",
    "tcp",
    "dport",
    "80",
    '"',
    "eth0",
    "\n",
    "-",
    "10.0.0.0/8",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(words).map((all) => all.join(" ")),
        fc.string(),
      ),
      (text) => {
        try {
          parseCondition("ip", text);
        } catch (error) {
          expect(error).toBeInstanceOf(Explained);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
