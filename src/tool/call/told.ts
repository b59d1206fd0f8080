/** What --timings and --trace say, for people. */
import { table } from "../output/table.ts";
import type { Recorded } from "./recording.ts";

export function timingsText(recorded: readonly Recorded[]): string {
  const rows = recorded.map(({ call, outcome, milliseconds }) => [
    call.plugin,
    call.verb,
    milliseconds.toFixed(1),
    outcome.ending ?? "ok",
  ]);
  const total = recorded.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return table(["plugin", "verb", "ms", "ended"], [...rows, ["", "", total.toFixed(1), ""]]);
}

/** Of one call: what it was told, what it did, what it answered. */
export function traceLines({ call, outcome, commands, milliseconds }: Recorded): string[] {
  const { plugin, verb, path, variables, stdin } = call;
  const said = outcome.stderr.split("\n").filter((line) => line !== "");
  return [
    `> ${plugin} ${verb}: ${path}`,
    `  ${variables.map(([name, value]) => `${name}=${quoted(value)}`).join(" ")}`,
    `  stdin ${stdin}`,
    ...commands.map((command) => `+ ${command}`),
    ...said.map((line) => `  stderr ${line}`),
    `< ${plugin} ${verb}: ${outcome.ending ?? "ok"}, ${milliseconds.toFixed(1)} ms`,
    ...(outcome.stdout.trim() === "" ? [] : [`  ${compact(outcome.stdout)}`]),
  ];
}

const quoted = (value: string): string =>
  /^[\w@%+:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;

function compact(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json.trim();
  }
}
