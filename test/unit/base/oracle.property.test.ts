/**
 * base/ against libraries and engines that others wrote, over random values. Only in Bun: fast-check and ip-address
 * are heavy, and QuickJS has neither node:crypto nor TextDecoder.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Address4, Address6 } from "ip-address";
import {
  compareIp,
  formatIp,
  formatPrefix,
  type Ip,
  lastOf,
  networkOf,
  nextIp,
  parseIp,
  parsePrefix,
  prefixContains,
  previousIp,
} from "../../../src/base/ip.ts";
import { formatMac, parseMac } from "../../../src/base/mac.ts";
import { decodeUtf8, encodeUtf8 } from "../../../src/base/utf8.ts";

const RUNS = { numRuns: 2000 };

/** Zeros and ones come often, so that there are runs of zeros, and carries. */
const byte = fc.oneof(fc.constantFrom(0, 0, 255, 1), fc.nat(255));
const ip4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ip6 = fc
  .array(fc.oneof({ weight: 2, arbitrary: fc.constant([0, 0]) }, fc.tuple(byte, byte)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flat()))
  .filter((ip) => !(ip.subarray(0, 10).every((b) => b === 0) && ip[10] === 255 && ip[11] === 255));
const anyIp = fc.oneof(ip4, ip6);
const prefixOf = (ip: fc.Arbitrary<Ip>) =>
  ip.chain((value) => fc.nat(value.length * 8).map((length) => ({ ip: value, length })));
const anyPrefix = fc.oneof(prefixOf(ip4), prefixOf(ip6));

/** The oracle's address for text that it must take. */
const oracle = (text: string) => (text.includes(":") ? new Address6(text) : new Address4(text));
const isIp = (text: string) => (text.includes(":") ? Address6 : Address4).isValid(text);
const bytesOf = (address: Address4 | Address6) => {
  const bytes = Uint8Array.from(address instanceof Address6 ? address.toUnsignedByteArray() : address.toArray());
  const size = address instanceof Address6 ? 16 : 4;
  const out = new Uint8Array(size);
  out.set(bytes, size - bytes.length);
  return out;
};
const numberOf = (ip: Ip) => ip.reduce((sum, b) => sum * 256n + BigInt(b), 0n);

describe("base/ip.ts agrees with ip-address", () => {
  test("formatIp() gives its text, and RFC 5952's", () => {
    fc.assert(
      fc.property(anyIp, (ip) => {
        const text = formatIp(ip);
        expect(oracle(text).correctForm()).toBe(text);
        expect(bytesOf(oracle(text))).toEqual(ip);
      }),
      RUNS,
    );
  });

  test("parseIp() reads every spelling of an address", () => {
    const spelling = ip6.chain((ip) => {
      const address = oracle(formatIp(ip)) as Address6;
      const full = address.canonicalForm();
      const dotted = `${full.split(":").slice(0, 6).join(":")}:${ip.subarray(12).join(".")}`;
      return fc.constantFrom(full, full.toUpperCase(), address.correctForm(), dotted);
    });
    fc.assert(
      fc.property(spelling, (text) => {
        expect(parseIp(text)).toEqual(bytesOf(oracle(text)));
      }),
      RUNS,
    );
  });

  /** Texts near addresses: right pieces put together wrongly, and one character changed. */
  const piece = fc.oneof(
    fc.constantFrom("", ":", "::", ".", "0", "00", "ffff", "fffff", "g", "%", "/", " ", "-1", "1e1", "0x1"),
    fc.nat(300).map(String),
    fc.nat(0x1ffff).map((n) => n.toString(16)),
  );
  const wrong = fc.oneof(
    fc.tuple(fc.array(piece, { maxLength: 10 }), fc.constantFrom(".", ":", "")).map(([parts, sep]) => parts.join(sep)),
    fc.tuple(anyIp, fc.nat(40), fc.constantFrom(..."0:.g%/ f-")).map(([ip, at, c]) => {
      const text = formatIp(ip);
      return text.slice(0, at) + c + text.slice(at + 1);
    }),
  );

  test("parseIp() refuses what it refuses, and zones and prefixes besides, as Go does", () => {
    fc.assert(
      fc.property(wrong, (text) => {
        expect(parseIp(text) !== undefined).toBe(isIp(text) && !/[%/]/.test(text));
      }),
      { numRuns: 20_000 },
    );
  });

  test("networkOf(), lastOf() and formatPrefix() bound the same subnet", () => {
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        const subnet = oracle(formatPrefix(prefix));
        expect(networkOf(prefix)).toEqual(bytesOf(subnet.startAddress()));
        expect(lastOf(prefix)).toEqual(bytesOf(subnet.endAddress()));
        expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix);
      }),
      RUNS,
    );
  });

  test("prefixContains() tells who is inside", () => {
    const near = anyPrefix.chain((prefix) => {
      const { length } = prefix.ip;
      const neighbour = fc.constantFrom(
        networkOf(prefix),
        lastOf(prefix),
        nextIp(lastOf(prefix)),
        previousIp(networkOf(prefix)),
      );
      return fc.tuple(fc.constant(prefix), fc.oneof(neighbour, length === 4 ? ip4 : ip6));
    });
    fc.assert(
      fc.property(near, ([prefix, ip]) => {
        const inside = oracle(formatIp(ip)).isInSubnet(oracle(formatPrefix(prefix)) as never);
        expect(prefixContains(prefix, ip)).toBe(inside);
      }),
      RUNS,
    );
  });

  test("nextIp() and previousIp() are one more and one less", () => {
    fc.assert(
      fc.property(anyIp, (ip) => {
        const size = 1n << BigInt(8 * ip.length);
        expect(numberOf(nextIp(ip))).toBe((numberOf(ip) + 1n) % size);
        expect(numberOf(previousIp(ip))).toBe((numberOf(ip) - 1n + size) % size);
        expect(numberOf(ip)).toBe(oracle(formatIp(ip)).bigInt());
      }),
      RUNS,
    );
  });

  test("compareIp() has the order of the numbers", () => {
    const pair = fc.oneof(fc.tuple(ip4, ip4), fc.tuple(ip6, ip6));
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const difference = numberOf(a) - numberOf(b);
        expect(Math.sign(compareIp(a, b))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      }),
      RUNS,
    );
  });
});

test("parseMac() reads what formatMac() writes, in every notation", () => {
  const size = fc.constantFrom(6, 8, 20);
  const mac = size.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  fc.assert(
    fc.property(mac, (bytes) => {
      const hex = Buffer.from(bytes).toString("hex");
      const groups = (digits: number, separator: string) =>
        (hex.match(new RegExp(`.{${digits}}`, "g")) ?? []).join(separator);
      expect(formatMac(bytes)).toBe(groups(2, ":"));
      for (const text of [groups(2, ":"), groups(2, "-").toUpperCase(), groups(4, ".")]) {
        expect(parseMac(text)).toEqual(bytes);
      }
    }),
  );
});

describe("base/utf8.ts agrees with the engine's own coder", () => {
  test("encodeUtf8() writes TextEncoder's bytes, unpaired surrogates too", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.array(fc.nat(0xffff))), (value) => {
        const text = typeof value === "string" ? value : String.fromCharCode(...value);
        expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
      }),
      RUNS,
    );
  });

  test("decodeUtf8() reads what TextDecoder takes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const bytes = new TextEncoder().encode(text);
        expect(decodeUtf8(bytes)).toBe(text);
      }),
      RUNS,
    );
  });

  test("decodeUtf8() refuses what TextDecoder refuses, keeping the rest", () => {
    const edge = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0xbf,
      0xc0,
      0xc2,
      0xdf,
      0xe0,
      0xa0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0x90,
      0xff,
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(edge, byte), { maxLength: 8 }), (values) => {
        const bytes = Uint8Array.from(values);
        const [ours, theirs] = [decodeUtf8(bytes), new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)];
        // How many U+FFFD stand for a wrong sequence is each decoder's choice.
        expect(ours.replace(/\ufffd+/g, "\ufffd")).toBe(theirs.replace(/\ufffd+/g, "\ufffd"));
      }),
      { numRuns: 20_000 },
    );
  });
});
