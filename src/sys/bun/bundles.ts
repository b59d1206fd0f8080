/** Embedded bundles (sys/api.d.ts): here they are the modules themselves, with their own source maps. */
import { readFileSync } from "node:fs";
import { ENOENT } from "../../base/errno.ts";
import { sysError } from "./errors.ts";

const FILES: Record<string, string> = JSON.parse(readFileSync(`${import.meta.dir}/../../bundles.json`, "utf8"));

export function load(bundle: string): object {
  const file = FILES[bundle];
  if (file === undefined) throw sysError("load", ENOENT, bundle);
  return require(`../../${file}`);
}

export function lineTable(_bundle: string): string {
  return "";
}
