import { stat } from "#sys";
import { attempt } from "../base/attempt.ts";
import type { Env } from "../spec/env.ts";
import { CniError, INVALID_NETNS } from "../spec/errors.ts";
import type { Verb } from "../spec/plugin.ts";
import { VERBS, type VerbSpec } from "./verbs.ts";

/**
 * What CNI_NETNS means for `verb` when it is the caller's own network namespace: a container's interface must not be made
 * in the host, and a DEL must not delete the host's. The reference looks after the work is done; here it is before.
 * @throws CniError 8 for ADD and CHECK; for DEL the namespace counts as gone, and `warn` is told
 */
export function guardNetns(verb: Verb, env: Env, warn: (line: string) => void): Env {
  const { ownNetns }: VerbSpec = VERBS[verb];
  if (ownNetns === undefined || env.netnsOverride || env.netns === "" || !isOwnNetns(env.netns)) return env;
  if (ownNetns === "refuse") {
    throw new CniError(
      INVALID_NETNS,
      "plugin's netns and netns from CNI_NETNS should not be the same",
      `CNI_NETNS=${env.netns} is the namespace that the plugin runs in; CNI_NETNS_OVERRIDE=1 allows that`,
    );
  }
  warn(`CNI_NETNS=${env.netns} is the plugin's own namespace: nothing is deleted in it`);
  return { ...env, netns: "" };
}

/** Whether `path` is this thread's network namespace; false for what cannot be looked at. */
function isOwnNetns(path: string): boolean {
  return attempt(() => stat(path).id === stat("/proc/thread-self/ns/net").id) ?? false;
}
