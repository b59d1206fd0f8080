/** Embedded bundles (sys/api.d.ts): here they are the modules themselves, with their own source maps. */
import { existsSync } from "node:fs";
import { ENOENT } from "../../base/errno.ts";
import { sysError } from "./errors.ts";

const SOURCES = `${import.meta.dir}/../..`;

/** Of those that are no plugin's, as scripts/build.mjs has them. */
const ENTRIES = new Map([
  ["log", "skel/log/logged.ts"],
  ["tool", "tool/main.ts"],
]);

export function load(bundle: string): object {
  const file = `${SOURCES}/${ENTRIES.get(bundle) ?? `plugins/${bundle}/plugin.ts`}`;
  if (!existsSync(file)) throw sysError("load", ENOENT, bundle);
  return require(file);
}

export function lineTable(_bundle: string): string {
  return "";
}
