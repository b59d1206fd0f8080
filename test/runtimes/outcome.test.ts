import { describe, expect, test } from "bun:test";
import type { Row } from "./flow.ts";
import { judge, type Outcome, summary } from "./outcome.ts";

const ROW = { id: "some-01-row" } as Row;

const outcome = (steps: [string, string][], left: string[] = []): Outcome => ({
  steps: steps.map(([step, how]) => [step, how, ""]),
  left,
});

const WELL = outcome([["ADD", "ok"]]);

describe("judge()", () => {
  test("finds what fails with berth alone, not what fails with both or with the reference", () => {
    const bad = outcome([["ADD", "no"]]);
    expect(judge(ROW, { berth: bad, reference: WELL }).wrong).toEqual(["ADD: no"]);
    expect(judge(ROW, { berth: WELL, reference: bad })).toMatchObject({ wrong: [], unable: false });
    expect(judge(ROW, { berth: WELL, reference: bad }).differ).toEqual(["ADD: ok; the reference's ADD: no"]);
    expect(judge(ROW, { berth: bad, reference: bad })).toEqual({ wrong: [], differ: [], unable: true });
  });

  test("finds what berth alone leaves, whatever its random names", () => {
    const left = (...lines: string[]) => outcome([["ADD", "ok"]], lines);
    const [mine, theirs] = [left("host: link vethaaaaaaaa br0"), left("host: link vethbbbbbbbb br0")];
    expect(judge(ROW, { berth: mine, reference: WELL }).wrong).toEqual(["left: host: link vethX br0"]);
    expect(judge(ROW, { berth: mine, reference: theirs }).wrong).toEqual([]);
    expect(judge(ROW, { berth: left("rule a", "rule a"), reference: left("rule a") }).wrong).toEqual(["left: rule a"]);
  });

  test("excuses the lines that a flow may leave, and no others", () => {
    const row = { ...ROW, leaves: { lines: /netns/, why: "the runtime's" } };
    const berth = outcome([], ["file /run/netns/one", "rule a"]);
    expect(judge(row, { berth, reference: outcome([]) }).wrong).toEqual(["left: rule a"]);
  });
});

test("summary() counts by kind", () => {
  const lease = 'file /var/lib/cni/networks/net0/10.88.0.2 "one\\r\\neth0"';
  const result = 'file /var/lib/cni/results/net0-one-eth0 "{}"';
  expect(summary([])).toBe("nothing");
  expect(summary([result, "rule }", lease, result, 'file /run/cni/net0/10.88.0.3 "two"'])).toBe(
    "1 rule line, 2 leases, 2 results",
  );
});
