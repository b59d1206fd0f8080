/** The texts of schema.ts, which are expressions, beside the parsers of base/. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type * as z from "zod";
import { formatIp, formatPrefix, parseIp, parsePrefix } from "../../../src/base/ip.ts";
import { formatMac, parseMac } from "../../../src/base/mac.ts";
import * as schema from "../../../src/spec/schema.ts";

const RUNS = { numRuns: 10_000 };

const byte = fc.oneof(fc.constantFrom(0, 0, 255, 1), fc.nat(255));
const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.constant(0xffff), fc.nat(0xffff));
const digits = (value: number) =>
  fc.constantFrom(value.toString(16), value.toString(16).toUpperCase(), value.toString(16).padStart(4, "0"));
const dotted = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join("."));

/** An IPv6 address of so many groups and perhaps a dotted end, with a run of any length left out, rightly or not. */
const ip6 = fc
  .tuple(fc.array(group.chain(digits), { minLength: 5, maxLength: 9 }), fc.option(dotted), fc.nat(8), fc.nat(8))
  .map(([groups, end, from, length]) => {
    const all = end === null ? groups : [...groups.slice(0, -2), end];
    if (length < 2) return all.join(":");
    return `${all.slice(0, from).join(":")}::${all.slice(from + length).join(":")}`;
  });
const mapped = fc
  .tuple(
    fc.constantFrom("::", "0::", "::0:", "0:0:0:0:0:", "0:0000::0:", "0:0:0:0::"),
    fc.constantFrom("ffff", "FFFF", "fffe"),
  )
  .chain(([head, tag]) =>
    fc.oneof(dotted, fc.constantFrom("1:2", ":1", "1::", ":", "0:0")).map((end) => `${head}${tag}:${end}`),
  );

const address = fc.oneof(dotted, ip6, mapped);
const length = fc.oneof(fc.nat(140).map(String), fc.constantFrom("", "00", "08", "-1", "+8", "1e1"));
const mac = fc
  .tuple(fc.array(byte, { minLength: 5, maxLength: 8 }), fc.constantFrom(":", "-", "."), fc.boolean())
  .map(([bytes, separator, upper]) => {
    const hex = bytes.map((one) => one.toString(16).padStart(2, "0")).join("");
    const text = (hex.match(separator === "." ? /.{1,4}/g : /../g) ?? []).join(separator);
    return upper ? text.replace(/[a-f]/, (digit) => digit.toUpperCase()) : text;
  });

/** A text as it is, or with one character changed, put in or taken away. */
const nearly = (text: fc.Arbitrary<string>) =>
  fc.oneof(
    text,
    fc
      .tuple(text, fc.nat(45), fc.constantFrom("", ..."0:.g%/ f-19\n"), fc.nat(1))
      .map(([one, at, by, removed]) => one.slice(0, at) + by + one.slice(at + removed)),
  );

const isStation = (text: string) => {
  const bytes = parseMac(text);
  return bytes?.length === 6 && ((bytes[0] ?? 0) & 1) === 0 && bytes.some((one) => one !== 0);
};

const TEXTS: [string, z.ZodType, fc.Arbitrary<string>, (text: string) => boolean][] = [
  ["ip", schema.ip, address, (text) => text === "" || parseIp(text) !== undefined],
  [
    "prefix",
    schema.prefix,
    fc.tuple(address, length).map((parts) => parts.join("/")),
    (text) => parsePrefix(text) !== undefined,
  ],
  [
    "ipOrPrefix",
    schema.ipOrPrefix,
    fc.oneof(
      address,
      fc.tuple(address, length).map((parts) => parts.join("/")),
    ),
    (text) => (text.includes("/") ? parsePrefix(text) : parseIp(text)) !== undefined,
  ],
  ["stationMac", schema.stationMac, mac, (text) => text === "" || isStation(text)],
];

describe.each(TEXTS)("%s", (_, text, given, isOne) => {
  test("takes what the parser takes", () => {
    let taken = 0;
    fc.assert(
      fc.property(nearly(given), (one) => {
        const { success } = text.safeParse(one);
        expect([one, success]).toEqual([one, isOne(one)]);
        if (success) taken++;
      }),
      RUNS,
    );
    expect(Math.min(taken, RUNS.numRuns - taken)).toBeGreaterThan(RUNS.numRuns / 20);
  });
});

test("all of them take what berth itself writes", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })),
      (ip) => {
        const text = formatIp(ip);
        expect(schema.ip.safeParse(text).success).toBe(true);
        const prefix = formatPrefix({ ip, length: 24 });
        expect(schema.prefix.safeParse(prefix).success).toBe(parsePrefix(prefix) !== undefined);
        const station = formatMac(Uint8Array.from([2, ...ip.subarray(0, 4), 9]));
        expect(schema.stationMac.safeParse(station).success).toBe(true);
      },
    ),
  );
});
