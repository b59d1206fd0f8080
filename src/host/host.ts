import { type Masquerade, masquerade } from "./masquerade.ts";
import { type Namespace, namespaceAt } from "./namespace.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";

/** What a plugin may do to the machine: the seam at which tests put a fake. Its own links, sysctls and rules are the host's. */
export interface Host extends Namespace {
  openSandbox(path: string): Sandbox;
  readonly masquerade: Masquerade;
}

/** The machine itself, seen from the network namespace that this process runs in. */
export function machine(): Host {
  return { ...namespaceAt((fn) => fn()), openSandbox, masquerade: masquerade() };
}
