import { type Namespace, OpenNamespace } from "./namespace.ts";
import { Nftables } from "./nft.ts";
import { openSandbox, openSandboxIfThere, type Sandbox } from "./sandbox.ts";

/** What others see of a class: a fake can be in its place. */
export type Face<T> = Pick<T, keyof T>;

/** What a plugin may do to the machine: the seam at which tests put a fake. Its own links and sysctls are the host's. */
export interface Host extends Namespace {
  /** Throws Explained when the path leads to no network namespace. */
  openSandbox(path: string): Sandbox;
  /** For taking down: undefined when the namespace is gone, of which `warn` is told. */
  openSandboxIfThere(path: string, warn: (line: string) => void): Sandbox | undefined;
  readonly nft: Face<Nftables>;
}

/** The machine, seen from the network namespace that this process runs in. What it has opened, it closes. */
export class ThisHost extends OpenNamespace implements Host {
  readonly nft = new Nftables();
  readonly #sandboxes: Sandbox[] = [];

  constructor() {
    super((fn) => fn());
  }

  openSandbox(path: string): Sandbox {
    return this.#kept(openSandbox(path));
  }

  openSandboxIfThere(path: string, warn: (line: string) => void): Sandbox | undefined {
    const sandbox = openSandboxIfThere(path, warn);
    return sandbox && this.#kept(sandbox);
  }

  override close(): void {
    for (const sandbox of this.#sandboxes.splice(0)) sandbox.close();
    this.nft.close();
    super.close();
  }

  #kept(sandbox: Sandbox): Sandbox {
    this.#sandboxes.push(sandbox);
    return sandbox;
  }
}
