/** A call of skel, with what it answers. */
import { run } from "../../../src/skel/run.ts";
import type { Plugin } from "../../../src/spec/plugin.ts";

/** A configuration of the plugin fake. */
export const conf = (over: object = {}) => JSON.stringify({ cniVersion: "1.1.0", name: "net", type: "fake", ...over });

/** Runs a call; what stdout holds as JSON, when it holds any. */
export function call(plugin: Plugin, env: ReadonlyMap<string, string>, stdin: string | (() => string) = conf()) {
  const reply = run(plugin, env, typeof stdin === "string" ? () => stdin : stdin, []);
  return { ...reply, json: reply.stdout === "" ? undefined : JSON.parse(reply.stdout) };
}
