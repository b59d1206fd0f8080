/** The executable under the names that projects install the plugins under, as links to it and as copies. */
import { describe, expect } from "bun:test";
import { copyFileSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reference } from "../../../package.json";
import { inLab, type Lab } from "../../support/lab.ts";
import { BIN, built, namespaces, needs } from "../../support/needs.ts";
import { efforts, strace, systemCalls } from "../../support/traced.ts";

const BERTH = join(BIN, "berth");

/** How a file comes to another name. */
const WAYS = {
  copy: copyFileSync,
  "hard link": linkSync,
  link: symlinkSync,
} satisfies Record<string, (from: string, to: string) => void>;

/** A directory with the plugins under these names, each made `way` from one copy of the executable. */
function installed(lab: Lab, way: keyof typeof WAYS, ...names: string[]): string {
  const bin = join(lab.dir, "bin");
  mkdirSync(bin);
  copyFileSync(BERTH, join(bin, "berth"));
  for (const name of names) WAYS[way](join(bin, "berth"), join(bin, name));
  return bin;
}

const IPAM = { ranges: [[{ subnet: "10.77.0.0/24" }]] };

describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])("as a %s", (way) => {
  needs(
    namespaces,
    built,
    strace,
  )(
    "buildkit-cni-bridge delegates to buildkit-cni-host-local without a process, at every verb",
    inLab((lab) => {
      const bin = installed(lab, way, "buildkit-cni-bridge", "buildkit-cni-host-local");
      const ns = lab.container();
      const ipam = { type: "buildkit-cni-host-local", dataDir: lab.store, ...IPAM };
      const conf = lab.conf({ type: "buildkit-cni-bridge", ipam });
      expect(lab.call(conf.type, "VERSION", { bin }).json.supportedVersions).toContain("1.1.0");
      const prevResult = lab.add({ ns, conf, bin });
      expect(lab.leases()).toEqual({ "10.77.0.2": "cid-1\r\neth0" });
      const once = { execs: 1, forks: 0, sleeps: 0 };
      for (const verb of ["CHECK", "DEL", "ADD"] as const) {
        const options = { ns, bin, conf: verb === "CHECK" ? { ...conf, prevResult } : conf };
        expect([verb, efforts(systemCalls(lab, conf.type, verb, options))]).toEqual([verb, once]);
      }
      lab.del({ ns, conf, bin });
      expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
    }),
  );
});

needs(
  namespaces,
  built,
  strace,
)(
  "another build's host-local, and what only has the name, is run as the process that it is",
  inLab((lab) => {
    const bin = installed(lab, "copy", "bridge");
    const conf = lab.conf();
    const other = readFileSync(BERTH);
    // One bit of the build id: this executable does the same, and is another.
    const at = other.indexOf("berth: the snapshot starts here\n") + 32;
    other[at] = (other[at] ?? 0) ^ 1;
    writeFileSync(join(bin, "host-local"), other, { mode: 0o755 });
    const ns = lab.container();
    const add = efforts(systemCalls(lab, "bridge", "ADD", { ns, bin, conf }));
    expect([add.execs, Object.keys(lab.leases())]).toEqual([2, ["10.77.0.2"]]);
    lab.del({ ns, conf, bin });
    expect(lab.leases()).toEqual({});
  }),
);

needs(built).each([
  ["cnv-bridge", "bridge"],
  ["buildkit-cni-bridge", "bridge"],
  ["buildkit-cni-host-local", "host-local"],
  ["buildkit-cni-loopback", "loopback"],
])("%s with nothing in the environment says that it is %s, and a version", (name, plugin) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([BERTH], { env: {}, argv0: `/opt/cni/bin/${name}` });
  expect([exitCode, stdout.toString()]).toEqual([0, ""]);
  expect(stderr.toString()).toStartWith(`CNI ${plugin} plugin ${reference}+berth.`);
});
