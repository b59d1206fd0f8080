import { readRequest } from "../spec/config.ts";
import type { Collection, Delegate, Delegates } from "../spec/delegate.ts";
import { readEnv } from "../spec/env.ts";
import type { Call, Plugin } from "../spec/plugin.ts";
import { answer } from "./perform.ts";
import { assertVersion } from "./verbs.ts";

/** `plugins` as one another's delegates: each is run as if it were called, without a process. */
export function delegatesOf(plugins: readonly Plugin[]): Delegates {
  const table = new Map<string, Delegate>();
  for (const plugin of plugins) table.set(plugin.name, delegateOf(plugin, table));
  return table;
}

function delegateOf(plugin: Plugin, delegates: Delegates): Delegate {
  const call: Delegate["call"] = (env, stdin) => answer(plugin, env, () => stdin, delegates);
  const ask = (env: ReadonlyMap<string, string>, stdin: string) => queryOf(plugin, env, stdin, delegates);
  return {
    call,
    ...(plugin.leases && { leases: (env, stdin) => plugin.leases?.(ask(env, stdin)) ?? [] }),
    ...(plugin.collection && { collection: (env, stdin) => plugin.collection?.(ask(env, stdin)) ?? NOTHING }),
  };
}

const NOTHING: Collection = { spared: () => [], collect: () => {} };

/** The call of a question that changes nothing; its environment has been checked for the upper plugin. @throws CniError */
function queryOf(plugin: Plugin, variables: ReadonlyMap<string, string>, stdin: string, delegates: Delegates): Call {
  const { config, name, cniVersion } = readRequest(stdin);
  assertVersion("DEL", cniVersion, plugin.versions);
  return { env: readEnv(variables, []), stdin, config, name, version: cniVersion, delegates, warn: () => {} };
}
