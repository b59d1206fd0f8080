import { load } from "#sys";
import { type Masquerade, masquerade } from "./masquerade.ts";
import { type Namespace, namespaceAt } from "./namespace.ts";
import type * as Rules from "./rules.ts";
import { openSandbox, openSandboxIfThere, type Sandbox } from "./sandbox.ts";

/** What a plugin may do to the machine: the seam at which tests put a fake. Its own links, sysctls and rules are the host's. */
export interface Host extends Namespace {
  /** Throws Explained when the path leads to no network namespace. */
  openSandbox(path: string): Sandbox;
  /** For taking down: undefined when the namespace is gone, of which `warn` is told. */
  openSandboxIfThere(path: string, warn: (line: string) => void): Sandbox | undefined;
  readonly masquerade: Masquerade;
  /** The packet filters that only some networks ask for, loaded when one does. */
  readonly rules: typeof Rules;
}

/** The machine itself, seen from the network namespace that this process runs in. */
export function machine(): Host {
  return {
    ...namespaceAt((fn) => fn()),
    openSandbox,
    openSandboxIfThere,
    masquerade: masquerade(),
    get rules() {
      return load("rules") as typeof Rules;
    },
  };
}
