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

/**
 * What only people and plugins change. Link-local addresses and what follows from them come and go with the kernel's
 * own timers, and so do the operational states.
 */
function namespaceOf(ns: string): Json {
  const routes = ["-4", "-6"].flatMap((family) => ipj(ns, family, "route", "show", "table", "all"));
  const forwarding = ["ipv4/ip_forward", "ipv6/conf/all/forwarding"].map((key) => `/proc/sys/net/${key}`);
  return {
    links: ipj(ns, "addr").map(linkOf),
    routes: routes.filter(({ dst }) => !/^(fe80|ff00)::/.test(dst)).map(({ flags: _, ...route }) => route),
    forwarding: sh(ns, "cat", ...forwarding),
  };
}

function linkOf({ ifindex, ifname, address, mtu, master, ifalias, flags, addr_info }: Json): Json {
  const lasting = addr_info.filter(({ scope }: Json) => scope !== "link");
  const addresses = lasting.map(({ local, prefixlen }: Json) => `${local}/${prefixlen}`);
  return { ifindex, ifname, address, mtu, master, ifalias, up: flags.includes("UP"), addresses };
}

function filesUnder(directory: string, cursor: boolean): Record<string, string> {
  if (!existsSync(directory)) return {};
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && (cursor || !entry.name.startsWith("last_reserved_ip.")))
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.sort().map((file) => [relative(directory, file), readFileSync(file, "latin1")]));
}
