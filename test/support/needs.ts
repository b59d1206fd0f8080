/** What a test needs of the machine, found out by trying; tests that are skipped say so aloud. */
import { test } from "bun:test";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as project from "../../package.json";
import { attempt } from "./command.ts";

export interface Need {
  /** As in "skipping tests that need …". */
  what: string;
  met: () => boolean;
}

/** The executables under test; BERTH_BIN points at another set. */
export const BIN = process.env.BERTH_BIN ?? join(import.meta.dir, "../../dist/bin");

/** Where scripts/setup.sh keeps what it builds. */
export const CACHE = process.env.BERTH_CACHE ?? join(homedir(), ".cache/berth");

/** The release of the reference that all is held against: BERTH_REFERENCE tries another than package.json's. */
export const RELEASE = process.env.BERTH_REFERENCE ?? project.reference;

/** The reference's plugins, all of them, and the cnitool that goes with them. */
export const REFERENCE = join(CACHE, `reference-${RELEASE}`);

const answers = new Map<string, boolean>();

/** Whether `need` is met; tried once in a process. */
export function isMet(need: Need): boolean {
  const known = answers.get(need.what);
  if (known !== undefined) return known;
  const met = need.met();
  if (!met) console.log(`skipping tests that need ${need.what}`);
  answers.set(need.what, met);
  return met;
}

/** `test`, or its skipping twin when one of `list` is not met. */
export function needs(...list: Need[]): typeof test {
  return test.skipIf(!list.every(isMet)) as typeof test;
}

/** That `cmd` succeeds in a fresh network namespace. */
export function can(what: string, ...cmd: string[]): Need {
  return { what, met: () => attempt(undefined, "unshare", "--net", ...cmd).status === 0 };
}

/** Tried, not asked of the user id: root in a container may lack the capability. */
export const namespaces: Need = can("root (to make network namespaces)", "true");

export const nftables: Need = can("root, nf_tables and the nft command", "nft", "add", "table", "inet", "probe");

/** A kind of link that stands alone: "veth", "bridge", "dummy", "vrf". */
export function linkKind(kind: string): Need {
  return can(`root and the link kind ${kind}`, "ip", "link", "add", "probe0", "type", kind);
}

export const vlanFiltering: Need = can(
  "root and bridges with VLAN filtering",
  ..."ip link add probe0 type bridge vlan_filtering 1".split(" "),
);

export const bridgeFilter: Need = can(
  "root and br_netfilter (modprobe br_netfilter)",
  "test",
  "-e",
  "/proc/sys/net/bridge/bridge-nf-call-iptables",
);

export const built: Need = { what: `${BIN} (npm run build)`, met: () => existsSync(join(BIN, "bridge")) };

export const reference: Need = {
  what: `the reference plugins in ${REFERENCE} (scripts/setup.sh)`,
  met: () => existsSync(join(REFERENCE, "bridge")),
};

/** For tests in namespaces. */
export const needsRoot: typeof test = needs(namespaces);
