/** Calls of the bridge plugin, as skel would make them. */

import { readEnv } from "../../../../src/spec/env.ts";
import type { Call, Verb } from "../../../../src/spec/plugin.ts";

export interface Options {
  /** Added to, or in place of, keys of the configuration; undefined removes one. */
  conf?: Record<string, unknown>;
  env?: Record<string, string>;
  verb?: Verb;
  delegates?: Call["delegates"];
}

/** A call for the network "net" on the bridge "br0"; what it warned of is in `warnings`. */
export function bridgeCall({ conf, env, verb = "ADD", delegates = [] }: Options = {}): Call & { warnings: string[] } {
  const stdin = JSON.stringify({ cniVersion: "1.0.0", name: "net", type: "bridge", bridge: "br0", ...conf });
  const variables = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: "c1",
    CNI_NETNS: "/run/netns/ctr",
    CNI_IFNAME: "eth0",
    CNI_PATH: "/nowhere",
    ...env,
  };
  const warnings: string[] = [];
  return {
    env: readEnv(new Map(Object.entries(variables)), []),
    stdin,
    config: JSON.parse(stdin),
    name: "net",
    version: "1.0.0",
    delegates,
    warn: (line) => void warnings.push(line),
    warnings,
  };
}
