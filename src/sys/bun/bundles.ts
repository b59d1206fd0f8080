/** Embedded bundles (sys/api.d.ts): here they are the modules themselves, with their own source maps. */
import { ENOENT } from "../../base/errno.ts";
import files from "../../bundles.json";
import { sysError } from "./errors.ts";

export function load(bundle: string): object {
  const file = (files as Record<string, string>)[bundle];
  if (file === undefined) throw sysError("load", ENOENT, bundle);
  return require(`../../${file}`);
}

export function lineTable(_bundle: string): string {
  return "";
}
