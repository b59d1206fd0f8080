/** The rows of user-pain.md §3 that no test of test/plugin has: see docs/reliability.md for the others. */
import { expect } from "bun:test";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inLab, openLab } from "../support/lab.ts";
import { BIN, built, namespaces, needs, REFERENCE, reference } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";

needs(namespaces, built)(
  "ADD has the host take no router advertisement from its end of the link, nor from the bridge (CVE-2020-10749)",
  inLab((lab) => {
    for (const which of ["all", "default"]) lab.sh(lab.host, "sysctl", "-w", `net.ipv6.conf.${which}.accept_ra=2`);
    const { interfaces } = lab.add({ ns: lab.container(), conf: lab.conf({ ipam: DUAL_STACK }) });
    for (const { name } of interfaces.slice(0, 2)) {
      expect([name, lab.sh(lab.host, "cat", `/proc/sys/net/ipv6/conf/${name}/accept_ra`)]).toEqual([name, "0\n"]);
    }
  }),
);

/** Name, mode and owner of dataDir and everything in it, after an ADD by the plugins in `bin`. */
function filesOf(bin: string): string[] {
  const umask = process.umask(0o022);
  const root = mkdtempSync(join(tmpdir(), "berth-modes-"));
  using lab = openLab({ bin });
  try {
    const dataDir = join(root, "made", "by", "plugin");
    lab.add({
      ns: lab.container(),
      conf: lab.conf({ ipam: { type: "host-local", dataDir, ranges: [[{ subnet: "10.77.0.0/24" }]] } }),
    });
    const names = [
      "made",
      ...(readdirSync(join(root, "made"), { recursive: true }) as string[]).map((name) => join("made", name)),
    ];
    return names.sort().map((name) => {
      const { mode, uid, gid } = lstatSync(join(root, name));
      return `${name} ${mode.toString(8)} ${uid}:${gid}`;
    });
  } finally {
    process.umask(umask);
    rmSync(root, { recursive: true });
  }
}

needs(
  namespaces,
  built,
  reference,
)("leases, lock and directories have the reference's modes and owners", () => {
  expect(filesOf(BIN)).toEqual(filesOf(REFERENCE));
});
