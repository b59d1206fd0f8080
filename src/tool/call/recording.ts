import { monotonic } from "#sys";
import type { Host, PluginCall, PluginOutcome } from "../../invoke/request.ts";
import { TOLD } from "../../sys/told.ts";

/** A call of a plugin as it was made, and what came of it. */
export interface Recorded {
  readonly call: PluginCall;
  readonly outcome: PluginOutcome;
  /** What it did, as commands; empty where nobody asked, or the plugin does not tell. */
  readonly commands: readonly string[];
  readonly milliseconds: number;
}

/** With which a plugin of berth tells what it does (sys/told.ts). */
const TELL = ["BERTH_TRACE", "commands"] as const;

/**
 * `host` with each call of a plugin handed to `see` when it is over. With `tell`, plugins of berth are asked to tell what they
 * do: that is taken out of their stderr.
 */
export function recording(host: Host, tell: boolean, see: (recorded: Recorded) => void): Host {
  return {
    ...host,
    exec: (request) => {
      const { call } = request;
      const variables = tell ? [...call.variables, TELL] : call.variables;
      const began = monotonic();
      const { commands, outcome } = apart(host.exec({ ...request, call: { ...call, variables } }));
      see({ call, outcome, commands, milliseconds: monotonic() - began });
      return outcome;
    },
  };
}

/** A command that has more than one line goes on until the next: those of iptables-restore. */
function apart(outcome: PluginOutcome): { commands: string[]; outcome: PluginOutcome } {
  const commands: string[] = [];
  const rest: string[] = [];
  let end = "";
  for (const line of outcome.stderr.split("\n")) {
    const told = line.startsWith(TOLD) ? line.slice(TOLD.length) : undefined;
    if (end !== "") {
      commands.push(`${commands.pop()}\n${line}`);
      if (line === end) end = "";
    } else if (told !== undefined) {
      commands.push(told);
      end = /<<'(\w+)'$/.exec(told)?.[1] ?? "";
    } else rest.push(line);
  }
  return { commands, outcome: { ...outcome, stderr: rest.join("\n") } };
}

/** The lines of --save: a JSON object for each call. */
export const savedText = (recorded: readonly Recorded[]): string =>
  recorded.map((one) => `${JSON.stringify(one)}\n`).join("");

/** The reverse. @throws SyntaxError for what is no JSON; TypeError for what --save never wrote */
export function savedOf(text: string): Recorded[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const one = JSON.parse(line) as Recorded;
    if (typeof one.call?.path === "string" && typeof one.call.stdin === "string" && one.outcome) return one;
    throw new TypeError(`no call of a plugin: ${line.slice(0, 80)}`);
  });
}
