/** What explain makes of the kernel's steps of a packet. */
import { describe, expect, test } from "bun:test";
import { formatIp, type Ip, parseIp } from "../../../../src/base/ip.ts";
import type { Hook } from "../../../../src/nft/objects.ts";
import type { Step } from "../../../../src/nft/trace.ts";
import { type Journey, journeyOf } from "../../../../src/tool/explain/journey.ts";
import { packetOf } from "../../../../src/tool/explain/packet.ts";
import { TABLE_PREFIX } from "../../../../src/tool/explain/tracer.ts";

const ip = (text: string): Ip => parseIp(text) ?? expect.unreachable();

function seen(from: string, to: string) {
  const mark = Uint8Array.of(1, 2, 3, 4);
  const packet = packetOf({ from: ip(from), to: ip(to), transport: "udp", fromPort: 1000, toPort: 53, mark });
  return { network: packet.subarray(0, 20), transport: packet.subarray(20), iif: 2, oif: 5 };
}

const A = seen("10.9.0.2", "8.8.8.8");
const MASKED = seen("192.0.2.1", "8.8.8.8");

const step = (over: Partial<Step>): Step => ({
  id: 1,
  family: "ip",
  table: "filter",
  chain: "FORWARD",
  kind: "rule",
  handle: 7,
  verdict: "continue",
  packet: undefined,
  ...over,
});
const ours = (hook: Hook, end: "first" | "last", packet = A): Step =>
  step({
    table: `${TABLE_PREFIX}1`,
    chain: `${hook}-${end}`,
    packet,
    verdict: end === "last" && hook !== "forward" ? "drop" : "continue",
  });

const fate = (...steps: Step[]): Journey["fate"] => journeyOf(steps, "udp").fate;

describe("journeyOf()", () => {
  test("of no step is one that nobody saw", () => {
    expect(journeyOf([], "udp")).toMatchObject({ places: [], begin: undefined, fate: { is: "unseen" } });
  });

  test("ends where a packet would leave, or be delivered: by our own rule", () => {
    expect(fate(ours("prerouting", "first"), ours("postrouting", "last"))).toEqual({ is: "sent" });
    expect(fate(ours("prerouting", "first"), ours("input", "last"))).toEqual({ is: "delivered" });
  });

  test("ends at others' rule or policy", () => {
    const rule = step({ verdict: "drop", packet: A });
    const ended = fate(ours("prerouting", "first"), ours("forward", "first"), rule);
    expect(ended).toMatchObject({ is: "ended", by: { handle: 7 }, after: { hook: "forward", end: "first" } });
    const policy = step({ kind: "policy", verdict: "drop", handle: 0 });
    expect(fate(ours("forward", "first"), policy)).toMatchObject({ is: "ended", by: { kind: "policy" } });
    expect(fate(ours("forward", "first"), step({ kind: "policy", verdict: "accept" }))).toMatchObject({ is: "lost" });
  });

  test("is lost after the last place that it came to", () => {
    expect(fate(ours("prerouting", "first"), ours("forward", "first"))).toMatchObject({
      is: "lost",
      after: { hook: "forward", end: "first" },
    });
  });

  test("tells which rule replaced an address", () => {
    const nat = step({ table: "nat", chain: "POST", handle: 3, verdict: "accept", packet: A });
    const { changes, begin, end, oif } = journeyOf(
      [ours("prerouting", "first"), nat, ours("postrouting", "last", MASKED)],
      "udp",
    );
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ of: "source", by: { table: "nat", handle: 3 } });
    expect(formatIp(begin?.from ?? ip("::"))).toBe("10.9.0.2");
    expect(formatIp(end?.from ?? ip("::"))).toBe("192.0.2.1");
    expect(oif).toBe(5);
  });

  test("says of no rule that it did what iptables' old kind did", () => {
    const passed = step({ kind: "policy", verdict: "accept" });
    const { changes } = journeyOf([ours("prerouting", "first"), passed, ours("postrouting", "last", MASKED)], "udp");
    expect(changes).toMatchObject([{ of: "source", by: undefined }]);
  });
});
