import { openSandbox, type Sandbox } from "../../../src/host/sandbox.ts";
import { netnsPath } from "../../support/conf.ts";
import { linkKind, namespaces, needs } from "../../support/needs.ts";

export const needsLinks = needs(namespaces, linkKind("bridge"), linkKind("veth"));

/** Opens the namespace `ns` of a lab for the time of `use`. */
export function inside<T>(ns: string, use: (sandbox: Sandbox) => T): T {
  using sandbox = openSandbox(netnsPath(ns));
  return use(sandbox);
}
