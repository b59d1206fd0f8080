import type { Host } from "../host/host.ts";
import type { Result } from "../spec/result.ts";
import type { Attached } from "./attached.ts";

/** The host's end of a veth; undefined where the link is of another kind, or the result does not tell. */
export function hostEnd(host: Pick<Host, "findLink">, { interfaces }: Result): string | undefined {
  const names = interfaces.filter(({ sandbox }) => !sandbox).map(({ name }) => name);
  return names.find((name) => host.findLink(name)?.kind === "veth");
}

/** Whether the result names links of the host's of which none is there. */
export function isGone({ port }: Attached, { interfaces }: Result): boolean {
  return port.name === "" && interfaces.some(({ sandbox }) => !sandbox);
}
