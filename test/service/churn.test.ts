/** A little of what `npm run churn` does for twenty seconds. */
import { expect, test } from "bun:test";
import { namespaces, needs, nftables } from "../support/needs.ts";
import { inPortLab } from "../support/port-net.ts";
import { churn } from "../support/service/churn.ts";
import { spreadOf } from "../support/service/spread.ts";

needs(namespaces, nftables)(
  "while endpoints are replaced every request is answered, by one that is in, all of them as often, and connections go on",
  inPortLab(async (lab) => {
    const { requests, failed, stale, held, spread, commits } = await churn(lab, {
      replacements: 40,
      perSecond: 50,
      held: 10,
    });
    expect(requests).toBeGreaterThan(200);
    expect([failed, stale]).toEqual([new Map(), 0]);
    expect([held.survivors.broken, held.removed.broken]).toEqual([[], []]);
    expect(held.survivors.count + held.removed.count).toBe(10);
    // Once in a million runs by chance.
    expect(spread.p).toBeGreaterThan(1e-6);
    expect(commits).toBeGreaterThan(10);
  }),
);

test("the chi-square of counts is what tables of it have", () => {
  const even = new Map(Array.from({ length: 10 }, (_, i) => [`${i}`, 100] as const));
  const off = (by: number) => new Map([...even, ["0", 100 + by], ["1", 100 - by]] as const);
  expect(spreadOf(even, even)).toMatchObject({ statistic: 0, freedom: 9 });
  // 16.919 and 27.877: five in a hundred and one in a thousand.
  expect(spreadOf(off(Math.sqrt(16.919 * 50)), even).p).toBeCloseTo(0.05, 2);
  expect(spreadOf(off(Math.sqrt(27.877 * 50)), even).p).toBeCloseTo(0.001, 3);
});
