/** The README's way to install, on a node that is in use. */
import { expect } from "bun:test";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inLab } from "../support/lab.ts";
import { BIN, built, can, namespaces, needs } from "../support/needs.ts";

const README = join(import.meta.dir, "../../README.md");

/** The commands of the README that install, for another directory. */
function commands(directory: string): string {
  const block = /```\ncd dist\/bin\n(.*?)```/s.exec(readFileSync(README, "utf8"))?.[1] ?? "";
  expect(block).toContain("/opt/cni/bin");
  return `set -e\ncd ${BIN}\n${block.replaceAll("/opt/cni/bin", directory)}`;
}

/** More than a link: an executable that runs, so that writing into it fails. */
const SLEEPER = "/usr/bin/sleep";

needs(namespaces, built, can("root and busybox", "busybox", "true")).each([
  ["busybox", ["busybox", "sh"]],
  ["the usual shell", ["sh"]],
])("installs over other plugins, again and again, while they are called, with %s", async (_, shell) => {
  await inLab(async (lab) => {
    const bin = join(lab.dir, "bin");
    mkdirSync(bin);
    // The reference's files, one of them running; a link to elsewhere; what an installation that was killed left.
    for (const name of ["bridge", "host-local", "portmap"]) copyFileSync(SLEEPER, join(bin, name));
    symlinkSync("/nowhere", join(bin, "loopback"));
    symlinkSync("berth", join(bin, ".bridge.new"));
    writeFileSync(join(bin, ".berth.new"), "half of it", { mode: 0o755 });
    const running = Bun.spawn([join(bin, "bridge"), "60"]);
    const install = () => Bun.spawn([...shell, "-c", commands(bin)], { stderr: "pipe" });
    const outcome = async (child: ReturnType<typeof install>) => [await child.exited, await child.stderr.text()];
    try {
      expect(await outcome(install())).toEqual([0, ""]);
      expect(running.exitCode).toBeNull();
      let calls = 0;
      for (let round = 0; round < 10; round++) {
        const again = install();
        for (; again.exitCode === null || calls % 2; await Bun.sleep(0), calls++) {
          const { status, stderr } = lab.call("bridge", "VERSION", { bin });
          expect([status, stderr]).toEqual([0, ""]);
        }
        expect(await outcome(again)).toEqual([0, ""]);
      }
      expect(calls).toBeGreaterThan(9);
    } finally {
      running.kill();
    }
    expect(readdirSync(bin).sort()).toEqual(["berth", "bridge", "host-local", "loopback", "portmap"]);
    const ns = lab.container();
    lab.add({ ns, bin });
    lab.del({ ns, bin });
    expect(lab.leases()).toEqual({});
  })();
});
