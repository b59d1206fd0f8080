import { readRequest } from "../spec/config.ts";
import type { Delegate, Delegates, OwnedLease } from "../spec/delegate.ts";
import { readEnv } from "../spec/env.ts";
import type { Plugin } from "../spec/plugin.ts";
import { run } from "./run.ts";
import { assertVersion } from "./verbs.ts";

/** `plugins` as one another's delegates: each is run as if it were called, without a process. */
export function delegatesOf(plugins: readonly Plugin[]): Delegates {
  const table = new Map<string, Delegate>();
  for (const plugin of plugins) table.set(plugin.name, delegateOf(plugin, table));
  return table;
}

function delegateOf(plugin: Plugin, delegates: Delegates): Delegate {
  const call: Delegate["call"] = (env, stdin) => run(plugin, env, () => stdin, delegates);
  if (!plugin.leases) return { call };
  return { call, leases: (env, stdin) => leasesOf(plugin, env, stdin, delegates) };
}

/** Asks a plugin for leases under the rules of a DEL, the call that needs the least. @throws CniError */
function leasesOf(
  plugin: Plugin,
  variables: ReadonlyMap<string, string>,
  stdin: string,
  delegates: Delegates,
): OwnedLease[] {
  const { config, name, cniVersion } = readRequest(stdin);
  assertVersion("DEL", cniVersion, plugin.versions);
  const env = readEnv(variables, ["CNI_CONTAINERID", "CNI_IFNAME"]);
  const call = { env, stdin, config, name, version: cniVersion, delegates, warn: () => {} };
  return plugin.leases?.(call) ?? [];
}
