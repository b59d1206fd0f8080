import { describe, expect, test } from "bun:test";
import {
  compareIp,
  equalIp,
  familyOf,
  formatIp,
  formatPrefix,
  type Ip,
  lastOf,
  networkOf,
  nextIp,
  type Prefix,
  parseIp,
  parsePrefix,
  prefixContains,
  previousIp,
} from "../../../src/base/ip.ts";

const ip = (text: string) => parseIp(text) as Ip;
const prefix = (text: string) => parsePrefix(text) as Prefix;

describe("parseIp()", () => {
  test.each([
    ["0.0.0.0", [0, 0, 0, 0]],
    ["255.255.255.255", [255, 255, 255, 255]],
    ["10.1.2.3", [10, 1, 2, 3]],
    ["::ffff:10.1.2.3", [10, 1, 2, 3]],
    ["::FFFF:0a01:0203", [10, 1, 2, 3]],
    ["0:0:0:0:0:ffff:10.1.2.3", [10, 1, 2, 3]],
  ])("reads the IPv4 address %s", (text, bytes) => {
    expect(parseIp(text)).toEqual(Uint8Array.from(bytes));
  });

  test.each([
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8::3", "2001:db8::3"],
    ["2001:0db8:0000:0000:0000:0000:0000:0003", "2001:db8::3"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ["::1.2.3.4", "::102:304"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
    ["fe80::fffe:ffff:1", "fe80::fffe:ffff:1"],
  ])("reads the IPv6 address %s", (text, canonical) => {
    expect(ip(text)).toHaveLength(16);
    expect(formatIp(ip(text))).toBe(canonical);
  });

  test.each([
    "",
    "10",
    "10.1.2",
    "10.1.2.3.4",
    "10.1.2.",
    ".1.2.3",
    "10..2.3",
    "10.1.2.256",
    "10.1.2.1000",
    "10.1.2.-1",
    "10.1.2.+1",
    "10.1.2.03",
    "010.1.2.3",
    "10.1.2.00",
    "0x0a.1.2.3",
    "10.1.2.3 ",
    " 10.1.2.3",
    "10.1.2.3\n",
    "10.1.2.3/24",
    "10.1.2.٣",
    "167838211",
    "localhost",
  ])("refuses %p, as Go's net.ParseIP does", (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test.each([
    ":",
    ":::",
    "1:",
    ":1",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "00001::",
    "g::",
    "::-1",
    "fe80::1%eth0",
    "fe80::1%",
    "::1 ",
    "[::1]",
    "2001:db8::/64",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::1.2.3.04",
    "::1.2.3.256",
    "1:2:3:4:5:6:7:1.2.3.4",
  ])("refuses %p, as Go's net.ParseIP does", (text) => {
    expect(parseIp(text)).toBeUndefined();
  });
});

describe("formatIp()", () => {
  test.each([
    [[0, 0, 0, 0, 0, 0, 0, 0], "::"],
    [[1, 0, 0, 0, 0, 0, 0, 0], "1::"],
    [[0, 0, 0, 0, 0, 0, 0, 1], "::1"],
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], "2001:db8::1:0:0:1"],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], "2001:db8:0:1:1:1:1:1"],
    [[1, 0, 0, 2, 0, 0, 0, 3], "1:0:0:2::3"],
    [[0xfe80, 0, 0, 0, 0xab, 0, 0, 0], "fe80::ab:0:0:0"],
  ])("shortens the first of the longest runs of zeros, from two groups on: %p", (groups, text) => {
    expect(formatIp(Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])))).toBe(text);
  });
});

describe("parsePrefix()", () => {
  test.each(["10.1.2.3/24", "0.0.0.0/0", "255.255.255.255/32", "2001:db8::3/64", "::/0", "::1/128"])(
    "reads %s and keeps its host bits",
    (text) => {
      expect(formatPrefix(prefix(text))).toBe(text);
    },
  );

  test.each([
    "",
    "/",
    "10.1.2.3",
    "10.1.2.3/",
    "/24",
    "10.1.2.3/33",
    "2001:db8::/129",
    "10.1.2.3/-1",
    "10.1.2.3/+8",
    "10.1.2.3/08",
    "10.1.2.3/0x8",
    "10.1.2.3/255.255.255.0",
    "10.1.2.3/24/8",
    "10.1.2.3/ 24",
    "10.1.2/24",
    "fe80::1%eth0/64",
    "::ffff:10.1.2.3/120",
    "::ffff:10.1.2.3/24",
  ])("refuses %p", (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });
});

test.each([
  ["10.1.2.3/24", "10.1.2.0", "10.1.2.255"],
  ["10.1.2.3/23", "10.1.2.0", "10.1.3.255"],
  ["10.1.2.3/0", "0.0.0.0", "255.255.255.255"],
  ["10.1.2.3/31", "10.1.2.2", "10.1.2.3"],
  ["10.1.2.3/32", "10.1.2.3", "10.1.2.3"],
  ["2001:db8::ff03/121", "2001:db8::ff00", "2001:db8::ff7f"],
  ["2001:db8::3/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"],
])("networkOf() and lastOf() bound %s", (text, first, last) => {
  expect(formatIp(networkOf(prefix(text)))).toBe(first);
  expect(formatIp(lastOf(prefix(text)))).toBe(last);
});

test("prefixContains() asks for the same family", () => {
  expect(prefixContains(prefix("10.1.2.3/24"), ip("10.1.2.255"))).toBe(true);
  expect(prefixContains(prefix("10.1.2.3/24"), ip("10.1.3.0"))).toBe(false);
  expect(prefixContains(prefix("::/0"), ip("10.1.2.3"))).toBe(false);
  expect(prefixContains(prefix("0.0.0.0/0"), ip("::1"))).toBe(false);
});

describe("nextIp() and previousIp()", () => {
  test.each([
    ["10.1.2.3", "10.1.2.4"],
    ["10.1.255.255", "10.2.0.0"],
    ["255.255.255.255", "0.0.0.0"],
    ["2001:db8::ffff:ffff", "2001:db8::1:0:0"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::"],
  ])("step between %s and %s", (low, high) => {
    expect(formatIp(nextIp(ip(low)))).toBe(high);
    expect(formatIp(previousIp(ip(high)))).toBe(low);
  });

  test("leave their argument alone", () => {
    const start = ip("10.1.2.3");
    nextIp(start);
    previousIp(start);
    networkOf({ ip: start, length: 8 });
    expect(formatIp(start)).toBe("10.1.2.3");
  });
});

test("compareIp() sorts IPv4 before IPv6 and numerically within", () => {
  const sorted = ["0.0.0.0", "9.255.0.0", "10.0.0.1", "10.0.0.2", "::", "1::", "2001:db8::", "ff02::1"];
  const mixed = [4, 2, 7, 0, 5, 3, 6, 1].map((i) => ip(sorted[i] as string));
  expect(mixed.sort(compareIp).map(formatIp)).toEqual(sorted);
  expect(compareIp(ip("10.0.0.1"), ip("10.0.0.1"))).toBe(0);
});

test("equalIp() compares bytes, not identity", () => {
  expect(equalIp(ip("10.0.0.1"), ip("::ffff:10.0.0.1"))).toBe(true);
  expect(equalIp(ip("0.0.0.0"), ip("::"))).toBe(false);
});

test("familyOf() goes by the length", () => {
  expect([familyOf(ip("10.0.0.1")), familyOf(ip("::1"))]).toEqual([4, 6]);
});
