/** What a test looks at afterwards, asked of other people's programs. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, ipj } from "./command.ts";

/** Lease files of a directory: address → content. */
export function leases(directory: string): Record<string, string> {
  const names = existsSync(directory) ? readdirSync(directory).sort() : [];
  const addresses = names.filter((name) => /^[0-9a-f._:]+$/.test(name));
  return Object.fromEntries(
    addresses.map((name) => [name.replaceAll("_", ":"), readFileSync(join(directory, name), "latin1")]),
  );
}

/** See `Lab.addrs`. */
export function addrs(ns: string, ifname = "eth0", family: "inet" | "inet6" = "inet"): string[] {
  const addresses = ipj(ns, "addr", "show", "dev", ifname).flatMap((link) => link.addr_info);
  return addresses.filter((a) => a.family === family && a.scope === "global").map((a) => `${a.local}/${a.prefixlen}`);
}

/** See `Lab.rulesNaming`. */
export function rulesNaming(ns: string, words: string[]): string[] {
  const text = attempt(ns, "nft", "list", "ruleset").stdout + attempt(ns, "iptables-save").stdout;
  const escaped = words.map((word) => word.replace(/[^\w]/g, "\\$&")).join("|");
  const named = new RegExp(`(?<![\\w.:])(${escaped})(?![\\w.:]|/(?!32|128))`);
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => named.test(line));
}
