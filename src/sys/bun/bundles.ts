/** Embedded bundles (sys/api.d.ts): this host has none. A Bun program imports what it needs, with its own source maps. */
import { ENOENT } from "../../base/errno.ts";
import { sysError } from "./errors.ts";

export function load(bundle: string): object {
  throw sysError("load", ENOENT, bundle);
}

export function lineTable(_bundle: string): string {
  return "";
}
