import { assertContainerId, assertIfname, isIdentifier } from "../spec/env.ts";
import { CniError, INVALID_CONFIG, UNKNOWN_CONTAINER } from "../spec/errors.ts";

/** What a call is about: one interface of one container. Nothing of it is checked but on ADD. */
export interface Attachment {
  readonly containerId: string;
  /** Path of the container's network namespace; "" where that is gone or unknown. */
  readonly netns: string;
  /** Name of the interface inside the container. */
  readonly ifname: string;
  /** CNI_ARGS, in their order; absent: none. */
  readonly args?: readonly (readonly [key: string, value: string])[] | undefined;
  /** What the runtime supplies, by capability: a plugin that declares it has it as `runtimeConfig`. JSON values; absent: nothing. */
  readonly capabilityArgs?: Readonly<Record<string, unknown>> | undefined;
}

/** Where plugins and results are. */
export interface Setting {
  /** CNI_PATH: the directories that are searched for plugins, in order. */
  readonly path: readonly string[];
  /** Directory of the result cache; the results are in its subdirectory "results". libcni's is CACHE_DIRECTORY. */
  readonly cacheDirectory: string;
  /** More environment for the plugins, over the caller's: TRACEPARENT, TRACESTATE, BAGGAGE. Absent: none. */
  readonly variables?: readonly (readonly [name: string, value: string])[];
}

/** Where libcni keeps its results unless the runtime says otherwise. */
export const CACHE_DIRECTORY = "/var/lib/cni";

/** What an ADD needs. @throws CniError 3 without a container ID, 4 for names of container or interface, 7 for the network's */
export function assertNames(network: string, { containerId, ifname }: Attachment): void {
  if (containerId === "") throw new CniError(UNKNOWN_CONTAINER, "missing containerID");
  assertContainerId(containerId);
  if (network === "") throw new CniError(INVALID_CONFIG, "missing network name:");
  if (!isIdentifier(network)) throw new CniError(INVALID_CONFIG, "invalid characters found in network name", network);
  assertIfname(ifname);
}
