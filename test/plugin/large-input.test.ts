/** What a pod's or a network's author writes is answered in a time that grows with its length, and in words that are true. */
import { describe, expect } from "bun:test";
import { built, needs } from "../support/needs.ts";
import { type PoolOptions, pool } from "./host-local-calls.ts";

const test = needs(built);

/** What a call may take that is answered in a tenth of it. What is quadratic takes many times as long. */
const LIMIT_MS = 2000;

/** The answer, and how long it took, in milliseconds. */
function timed<T>(call: () => T): [T, number] {
  const start = performance.now();
  return [call(), performance.now() - start];
}

const many = <T>(count: number, item: (i: number) => T) => Array.from({ length: count }, (_, i) => item(i));
/** The address `i` of 10.0.0.0/8. */
const address = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
const subnet = (i: number) => ({ subnet: `${address(4 * i)}/30` });
const wishes = (count: number) => ({ ips: many(count, (i) => address(i + 10)) });

/** What is asked for, and the answer: the address, or the code and the beginning of the message of an error. */
const CALLS: [what: string, options: () => PoolOptions, address: string | number, message?: string][] = [
  [
    "4,000 requested addresses",
    () => ({ ipam: { ranges: [[{ subnet: "10.0.0.0/8" }]] }, conf: { runtimeConfig: wishes(4000) } }),
    999,
    "failed to allocate all requested IPs: 10.0.0.11 ",
  ],
  [
    "70,000 times the same requested address",
    () => ({ conf: { runtimeConfig: { ips: many(70_000, () => "10.1.2.9") } } }),
    "10.1.2.9/24",
  ],
  ["a set of 4,000 ranges", () => ({ ipam: { ranges: [many(4000, subnet)] } }), "10.0.0.2/30"],
  [
    "a set of 4,000 ranges, of which the last two overlap",
    () => ({ ipam: { ranges: [[...many(4000, subnet), subnet(4000), subnet(4000)]] } }),
    7,
    "invalid range set 0: subnets 10.0.62.129-10.0.62.130 and 10.0.62.129-10.0.62.130 overlap",
  ],
  [
    "4,000 sets of a range, of which the last two overlap",
    () => ({ ipam: { ranges: [...many(4000, subnet), subnet(4000), subnet(4000)].map((range) => [range]) } }),
    7,
    "range set 4000 overlaps with 4001",
  ],
];

describe("host-local/ADD answers within seconds", () => {
  test.each(CALLS)("%s", (_, options, answer, message = "") => {
    using net = pool();
    const [reply, time] = timed(() => net.call("ADD", "a", options()));
    expect(
      [reply.json?.code ?? reply.json?.ips?.[0].address, reply.json?.msg ?? ""],
      reply.stdout.slice(0, 500),
    ).toEqual([answer, expect.stringMatching(new RegExp(`^${RegExp.escape(message)}`))]);
    expect(time).toBeLessThan(LIMIT_MS);
  });
});
