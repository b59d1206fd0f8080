/** How the benchmark's table follows from what was measured. */
import { describe, expect, test } from "bun:test";
import { isMet, rowOf } from "../../../scripts/bench/row.ts";
import { paired, Series, summarise } from "../../../scripts/bench/stats.ts";
import { table } from "../../../scripts/bench/table.ts";

describe("summarise()", () => {
  test("gives median, quartiles and p99, between ranks where none is exact", () => {
    expect(summarise([4, 1, 3, 2, 5])).toEqual({ n: 5, median: 3, q1: 2, q3: 4, p99: 4.96 });
    expect(summarise([1, 2]).median).toBe(1.5);
  });

  test("does not sort the caller's values", () => {
    const values = [2, 1];
    summarise(values);
    expect(values).toEqual([2, 1]);
  });
});

test("paired() joins values of one round, and refuses series that do not match", () => {
  expect(paired([2, 9], [4, 3])).toEqual([0.5, 3]);
  expect(() => paired([1], [1, 2])).toThrow("1 measurements beside 2");
});

test("Series.of() refuses a name under which nothing was measured", () => {
  expect(() => new Series().of("ADD")).toThrow('nothing was measured as "ADD"');
});

describe("rowOf()", () => {
  const options = { what: "ADD", unit: "ms", ours: [1, 2, 3], other: [4, 4, 4], atMost: 0.5 };

  test("takes the median of the pairs' ratios, not the ratio of the medians", () => {
    const { figure } = rowOf({ ...options, ours: [1, 8, 9], other: [1, 2, 9] });
    expect(figure.median).toBe(1);
  });

  test("turns a rate round, so that less is better everywhere", () => {
    expect(rowOf({ ...options, kind: "slowdown" }).figure.median).toBe(2);
  });

  test("is met up to the promise itself", () => {
    expect([isMet(rowOf(options)), isMet(rowOf({ ...options, ours: [1, 2.1, 3] }))]).toEqual([true, false]);
  });
});

describe("table()", () => {
  const cells = (options: object) => {
    const row = rowOf({ what: "VERSION", unit: "ms", ours: [1], other: [2], kind: "difference", ...options });
    return (table([row])[2] ?? "").split("|").map((cell) => cell.trim());
  };

  test("gives a difference its sign, and no p99 of few values", () => {
    expect(cells({ atMost: 1.2 }).slice(3, 12)).toEqual([
      "1.00",
      "",
      "reference",
      "2.00",
      "",
      "-1.00 ms",
      "",
      "+1.20 ms",
      "✓",
    ]);
    expect(cells({ ours: [3] })[8]).toBe("+1.00 ms");
  });

  test("marks what was not kept, and nothing where nothing was promised", () => {
    expect([cells({ ours: [9], atMost: 1 })[11], cells({})[11]]).toEqual(["✗", ""]);
  });
});
