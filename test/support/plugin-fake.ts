import { type Prefix, parsePrefix } from "../../src/base/ip.ts";
import type { Plugin, Verb } from "../../src/spec/plugin.ts";
import type { Result } from "../../src/spec/result.ts";
import { VERSIONS } from "../../src/spec/versions.ts";

/** A result with one address, 10.1.2.3/24. */
export const ONE_ADDRESS: Result = {
  interfaces: [],
  ips: [{ address: parsePrefix("10.1.2.3/24") as Prefix }],
  routes: [],
  dns: {},
};

/** A plugin "fake" that does nothing well; `over` replaces its parts. */
export function fakePlugin(over: Partial<Plugin> = {}): Plugin {
  const nothing = () => {};
  return {
    name: "fake",
    versions: VERSIONS,
    ADD: () => ({ result: ONE_ADDRESS }),
    DEL: nothing,
    CHECK: nothing,
    ...over,
  };
}

/** The environment of a call for the namespace /nowhere, which does not exist; `over` replaces or adds variables. */
export function callEnv(verb: Verb | "VERSION", over: Record<string, string> = {}): Map<string, string> {
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: "c1",
    CNI_NETNS: "/nowhere",
    CNI_IFNAME: "eth0",
    CNI_PATH: "/nowhere",
  };
  return new Map(Object.entries({ ...env, ...over }));
}
