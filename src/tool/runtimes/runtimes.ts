import { messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { CniError } from "../../spec/errors.ts";
import { type Ask, type Container, RUNTIMES, type RuntimeName } from "./container.ts";
import { podsOf } from "./crictl.ts";
import { containersOf } from "./ctr.ts";
import { containersOfNerdctl } from "./nerdctl.ts";
import { containersOfPodman } from "./podman.ts";
import { askOf, type Environment, TIMEOUT } from "./program.ts";

/** What runtimes answered. */
export interface Answers {
  /** Each container once, by its id for CNI, told of by the runtime that says the most of it. */
  readonly containers: readonly Container[];
  /** Who answered. */
  readonly answered: readonly RuntimeName[];
  /** Who is installed and did not: what they have is not known, and must not be taken for gone. */
  readonly failed: readonly Failure[];
}

export interface Failure {
  readonly runtime: RuntimeName;
  /** What was asked, and what came of it. */
  readonly message: string;
}

const READERS: Record<RuntimeName, (ask: Ask) => Container[]> = {
  crictl: podsOf,
  nerdctl: containersOfNerdctl,
  podman: containersOfPodman,
  ctr: containersOf,
};

/**
 * Asks the programs `names`, all without it, for the containers that their runtimes know, whether these run or not. One that
 * is not installed (in the PATH of `env`) is neither among those that answered nor among those that failed. Each question may take `timeout` ms.
 * BuildKit's containers are known to none of them.
 */
export function askRuntimes(
  env: Environment,
  names: readonly RuntimeName[] = RUNTIMES,
  timeout: number = TIMEOUT,
): Answers {
  const containers = new Map<string, Container>();
  const answered: RuntimeName[] = [];
  const failed: Failure[] = [];
  for (const runtime of RUNTIMES.filter((name) => names.includes(name))) {
    const ask = askOf(runtime, env, timeout);
    if (!ask) continue;
    try {
      for (const one of READERS[runtime](ask)) if (!containers.has(one.id)) containers.set(one.id, one);
      answered.push(runtime);
    } catch (error) {
      failed.push({ runtime, message: reason(runtime, error) });
    }
  }
  return { containers: [...containers.values()], answered, failed };
}

function reason(runtime: RuntimeName, error: unknown): string {
  if (error instanceof Explained) return error.message;
  if (error instanceof CniError || error instanceof SyntaxError) {
    return `${runtime} answers what is not understood: ${messageOf(error)}`;
  }
  throw error;
}
