/** Embedded bundles (sys/api.d.ts): here they are the modules themselves, with their own source maps. */
import { existsSync } from "node:fs";
import { ENOENT } from "../../base/errno.ts";
import { sysError } from "./errors.ts";

const SOURCES = `${import.meta.dir}/../..`;

export function load(bundle: string): object {
  const file = `${SOURCES}/${bundle === "tool" ? "tool/main.ts" : `plugins/${bundle}/plugin.ts`}`;
  if (!existsSync(file)) throw sysError("load", ENOENT, bundle);
  return require(file);
}

export function lineTable(_bundle: string): string {
  return "";
}
