import { expect, test } from "bun:test";
import { formatIp } from "../../../../src/base/ip.ts";
import { readPool, readWishes } from "../../../../src/plugins/host-local/config.ts";
import type { Call } from "../../../../src/spec/plugin.ts";
import { growth, LINEAR } from "../../../support/growth.ts";

const callWith = (ipam: object) =>
  ({ version: "1.1.0", config: { ipam: { subnet: "10.77.0.0/24", ...ipam } } }) as unknown as Call;

test("readPool() refuses an ipam.type that is no string, as the reference does", () => {
  expect(readPool(callWith({ type: "host-local" })).sets).toHaveLength(1);
  expect(() => readPool(callWith({ type: 3 }))).toThrow("ipam.type");
});

const wishing = (args: string, ofArgs: string[], ofRuntime: string[]) =>
  ({
    env: { args },
    config: { args: { cni: { ips: ofArgs } }, runtimeConfig: { ips: ofRuntime } },
  }) as unknown as Call;

test("readWishes() takes each address once, in the order in which they are asked for", () => {
  const call = wishing("IP=10.0.0.9", ["10.0.0.1/24", "fd00::1"], ["10.0.0.9/8", "10.0.0.1", "fd00:0::1", "10.0.0.2"]);
  expect(readWishes(call).map(formatIp)).toEqual(["10.0.0.9", "10.0.0.1", "fd00::1", "10.0.0.2"]);
});

test("readWishes() takes many, each in the same time", () => {
  const ips = (size: number) => Array.from({ length: size }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const calls = [1000, 4000].map((size) => [size, wishing("", [], ips(size))] as const);
  expect(growth(1000, (size) => readWishes(new Map(calls).get(size) as Call))).toBeLessThan(LINEAR);
});

test("readPool() takes many ranges, in one set or in many, each in the same time", () => {
  const ranges = (size: number) => Array.from({ length: size }, (_, i) => ({ subnet: `10.${i >> 8}.${i & 255}.0/24` }));
  expect(growth(500, (size) => readPool(callWith({ subnet: "11.0.0.0/8", ranges: [ranges(size)] })))).toBeLessThan(
    LINEAR,
  );
  const sets = (size: number) => ranges(size).map((range) => [range]);
  expect(growth(500, (size) => readPool(callWith({ subnet: "11.0.0.0/8", ranges: sets(size) })))).toBeLessThan(LINEAR);
});
