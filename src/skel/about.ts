import { reference, version } from "../../package.json";
import type { Plugin } from "../spec/plugin.ts";
import { CURRENT } from "../spec/versions.ts";

/** This program's version. */
export const BERTH_VERSION: string = version;

/** The release of the reference whose behaviour the plugins have, and ours: what the about text says. */
export const BUILD = `${reference}+berth.${BERTH_VERSION}`;

/** What a plugin says about itself when it is started without CNI_COMMAND, by hand. */
export function aboutText({ name, versions }: Plugin): string {
  return `CNI ${name} plugin ${BUILD}\nCNI protocol versions supported: ${versions.join(", ")}\n`;
}

/** The answer to VERSION: one line. `cniVersion` is the newest known one, as in the reference, not the caller's. */
export function versionJson({ versions }: Plugin): string {
  return `${JSON.stringify({ cniVersion: CURRENT, supportedVersions: versions })}\n`;
}
