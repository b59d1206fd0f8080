import type { Plugin } from "../spec/plugin.ts";
import { aboutText, versionJson } from "./about.ts";
import type { PerformLogged } from "./journal.ts";
import { perform } from "./perform.ts";
import type { Reply } from "./reply.ts";

/**
 * Runs one call of a plugin, from its environment and stdin to what it prints: CNI spec 1.1.0, section 2. Never throws.
 * `delegates` are the plugins that it may run in this process. `log` loads what performs a call that BERTH_LOG or the network
 * wants logged; absent: none is.
 * VERSION, which podman asks of every plugin before it does anything, is answered before anything else is looked at.
 */
export function run(
  plugin: Plugin,
  variables: ReadonlyMap<string, string>,
  stdin: () => string,
  delegates: readonly Plugin[],
  log?: () => PerformLogged,
): Reply {
  const command = variables.get("CNI_COMMAND");
  if (!command) return { code: 0, stdout: "", stderr: aboutText(plugin) };
  if (command === "VERSION") return { code: 0, stdout: versionJson(plugin), stderr: "" };
  const path = log && variables.get("BERTH_LOG");
  if (path) return log()(plugin, variables, stdin, delegates, { path, size: Number(variables.get("BERTH_LOG_SIZE")) });
  return perform(plugin, variables, stdin, delegates, log);
}
