import { openSandbox, type Sandbox } from "../../../src/host/sandbox.ts";
import * as sys from "../../../src/sys/bun/sys.ts";
import { netnsPath } from "../../support/conf.ts";
import { linkKind, namespaces, needs } from "../../support/needs.ts";

export const needsLinks = needs(namespaces, linkKind("bridge"), linkKind("veth"));

/** Opens the namespace `ns` of a lab for the time of `use`. */
export function inside<T>(ns: string, use: (sandbox: Sandbox) => T): T {
  const sandbox = openSandbox(netnsPath(ns));
  try {
    return use(sandbox);
  } finally {
    sys.close(sandbox.fd);
  }
}
