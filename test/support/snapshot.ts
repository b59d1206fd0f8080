/** Everything that a plugin could leave behind, in a form that a test's diff shows well. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ipj, type Json, sh } from "./command.ts";
import type { Lab } from "./lab.ts";

export interface Snapshot {
  namespaces: Record<string, Json>;
  /** nft's JSON of the host's whole ruleset. */
  rules: Json[];
  /** Files under the lab's store: path → content. */
  files: Record<string, string>;
}

/**
 * Links, addresses, routes and sysctls of the host's namespace and of `containers`, the host's rules and the lease
 * files. With `cursor: false` the files that only say where a search for a free address goes on are left out.
 */
export function snapshot(lab: Lab, containers: readonly string[], { cursor = true } = {}): Snapshot {
  const namespaces = Object.fromEntries(
    [lab.host, ...containers].map((ns) => [ns === lab.host ? "host" : ns, namespaceOf(ns)]),
  );
  return { namespaces, rules: lab.nftj(lab.host), files: filesUnder(lab.store, cursor) };
}

function namespaceOf(ns: string): Json {
  const forwarding = ["ipv4/ip_forward", "ipv6/conf/all/forwarding"].map((key) => `/proc/sys/net/${key}`);
  return {
    addresses: ipj(ns, "addr"),
    routes: [...ipj(ns, "-4", "route", "show", "table", "all"), ...ipj(ns, "-6", "route", "show", "table", "all")],
    forwarding: sh(ns, "cat", ...forwarding),
  };
}

function filesUnder(directory: string, cursor: boolean): Record<string, string> {
  if (!existsSync(directory)) return {};
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && (cursor || !entry.name.startsWith("last_reserved_ip.")))
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.sort().map((file) => [relative(directory, file), readFileSync(file, "latin1")]));
}
