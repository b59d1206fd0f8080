import type { CallRecord, Phase } from "../../spec/call-record.ts";
import type { Style } from "../output/style.ts";
import { table } from "../output/table.ts";

export const HEAD = ["time", "verb", "plugin", "network", "container", "ifname", "pod", "ms", "phases", "outcome"];

/** Records as a table: a line each, of what went wrong the code and message. */
export function showRecords(records: readonly CallRecord[], style: Style): string {
  return table(
    HEAD,
    records.map((record) => rowOf(record, style)),
  );
}

/** Of an id as long as docker shows it. */
const SHORT = 12;

export function rowOf(record: CallRecord, style: Style): string[] {
  const { time, verb, plugin, network = "", container = "", ifname = "", pod = "", ms, phases } = record;
  const parts = Object.entries(phases).map(([name, part]) => `${name as Phase} ${part.toFixed(1)}`);
  const outcome = outcomeOf(record);
  const cells = [time, verb, plugin, network, container.slice(0, SHORT), ifname, pod, ms.toFixed(1), parts.join(" ")];
  // A cell that is empty would be taken for the next one's by whoever cuts at blanks.
  return [...cells.map((cell) => cell || "-"), record.outcome === "ok" ? style.green(outcome) : style.red(outcome)];
}

function outcomeOf({ outcome, code, msg = "", ips = [] }: CallRecord): string {
  if (outcome === "error") return `error ${code}: ${msg.replace(/\s+/g, " ")}`;
  return [outcome, ...ips].join(" ");
}
