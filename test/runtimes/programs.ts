/**
 * The runtimes' own programs: Debian's packages (scripts/setup.sh), and what is built of released Go modules
 * (scripts/runtimes.sh); the small driver of libcni is built here.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "../support/command.ts";
import { staticBusybox } from "../support/image.ts";
import { CACHE, isMet, type Need } from "../support/needs.ts";
import versions from "./versions.json";

/** Where scripts/setup.sh and scripts/runtimes.sh keep what they build. */
export const BUILT = join(CACHE, "runtimes");

/** The path of a program of a release that was built. */
export function program(release: keyof typeof versions, name: string = release): string {
  return join(BUILT, `${release}-${versions[release]}`, name);
}

/** What containers of the test's image run: they answer on port 8080 of all addresses, and stay. */
export const SERVER = ["/bin/sh", "-c", "httpd -p 8080 -h /www; exec sleep 1000000"];

const runsContainers = () => Bun.which("runc") !== null && isMet(staticBusybox);

/** "v1.6.20", as a program of the machine tells it; "" without it. */
export function version(command: string): string {
  if (Bun.which(command) === null) return "";
  const [, number] = /\b(\d+\.\d+\.\d+)/.exec(attempt(undefined, command, "--version").stdout) ?? [];
  return number === undefined ? "" : `v${number}`;
}

export const podman: Need = {
  what: "podman with its CNI backend (before version 5), runc and a static busybox (scripts/setup.sh)",
  met: () => /^v[1-4]\./.test(version("podman")) && runsContainers(),
};

export const crictl: Need = {
  what: `crictl ${versions.crictl} in ${BUILT} (scripts/setup.sh)`,
  met: () => existsSync(program("crictl")),
};

export const buildkit: Need = {
  what: `buildkit ${versions.buildkit} in ${BUILT} (npm run runtimes), runc and a static busybox`,
  met: () => existsSync(program("buildkit", "buildkitd")) && runsContainers(),
};

/** A containerd, and the programs that go with it. */
export interface Containerds {
  /** "v1.6.20". */
  readonly version: string;
  /** The path of containerd or ctr. */
  program(name: "containerd" | "ctr"): string;
  readonly need: Need;
}

/** Debian's. */
export const packaged: Containerds = {
  version: version("containerd"),
  program: (name) => name,
  need: {
    what: "containerd, runc and a static busybox (scripts/setup.sh)",
    met: () => ["containerd", "ctr"].every((name) => Bun.which(name) !== null) && runsContainers(),
  },
};

/** The newest that there was on the Go module proxy. */
export const released: Containerds = {
  version: versions.containerd,
  program: (name) => program("containerd", name),
  need: {
    what: `containerd ${versions.containerd} in ${BUILT} (npm run runtimes), runc and a static busybox`,
    met: () => existsSync(program("containerd")) && runsContainers(),
  },
};
