/** What attachments leave on a machine, line by line, so that two states can be compared. */
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, ipj } from "../support/command.ts";
import type { Lab } from "../support/lab.ts";
import { indexFaults } from "./index-file.ts";

/** What is there, one line for each thing. */
export type Traces = readonly string[];

/** Links of the host and of `containers`, files beside and among the leases, endpoint records, and with `rules` the whole rulesets. */
export function traces(lab: Lab, containers: readonly string[], rules: boolean): Traces {
  return [
    ...linkTraces(lab.host, "host"),
    ...containers.flatMap((ns, i) => linkTraces(ns, `container ${i}`)),
    ...fileTraces(lab.store),
    ...fileTraces(join(lab.dir, "endpoints")),
    ...indexFaults(join(lab.dir, "index"), join(lab.store, "labnet")),
    ...(rules ? ruleTraces(lab.host) : []),
  ];
}

/** The lines of `after` that `before` has not. */
export function additions(before: Traces, after: Traces): string[] {
  const left = [...before];
  return after.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Links of a namespace, which the lines call `where`. */
export function linkTraces(ns: string, where: string): string[] {
  return ipj(ns, "link").map(
    // A bridge's second alias says which containers it has had: it stays, as the bridge does.
    ({ ifname, master, ifalias = "" }) =>
      `${where}: link ${ifname} ${master ?? ""} ${ifalias === "berth mixed" ? "berth" : ifalias}`,
  );
}

/** Files under `store`, but for the positions of the round robin. */
export function fileTraces(store: string): string[] {
  if (!existsSync(store)) return [];
  const names = (readdirSync(store, { recursive: true }) as string[]).sort();
  return names
    .filter((name) => !name.includes("/last_reserved_ip."))
    .map((name) => {
      const path = join(store, name);
      return lstatSync(path).isFile() ? `file ${name} ${JSON.stringify(readFileSync(path, "latin1"))}` : `file ${name}`;
    });
}

/** Both rulesets without their counters. */
export function ruleTraces(ns: string): string[] {
  const texts = [attempt(ns, "nft", "list", "ruleset").stdout, attempt(ns, "iptables-save").stdout];
  return texts
    .flatMap((text) => text.split("\n"))
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => `rule ${line.trim().replace(/\[\d+:\d+\]|packets \d+ bytes \d+/g, "")}`);
}
