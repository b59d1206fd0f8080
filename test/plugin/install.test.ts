/** The README's way to install, on a node that is in use. */
import { expect } from "bun:test";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REGISTRY } from "../../src/registry.ts";
import { inLab } from "../support/lab.ts";
import { built, can, namespaces, needs } from "../support/needs.ts";

const ROOT = join(import.meta.dir, "../..");
const README = join(ROOT, "README.md");
const ARCH = process.arch === "arm64" ? "arm64" : "amd64";

/** The archives of what is built, in the directory that `npm run release` puts them in. */
function archives(): string {
  const { exitCode, stderr } = Bun.spawnSync(["npm", "run", "--silent", "release"], { cwd: ROOT });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  return join(ROOT, "dist/release");
}

/** The commands of the README that install, for another directory, from a new copy of the archives in `place`. */
function commands(place: string, directory: string): string {
  const block = /```\n(sha256sum .*?)```/s.exec(readFileSync(README, "utf8"))?.[1] ?? "";
  expect(block).toContain("/opt/cni/bin");
  const text = block.replaceAll("/opt/cni/bin", directory).replaceAll("amd64", ARCH);
  return `set -e\ncd ${place}\n${text}`;
}

/** More than a link: an executable that runs, so that writing into it fails. */
const SLEEPER = "/usr/bin/sleep";

needs(namespaces, built, can("root and busybox", "busybox", "true")).each([
  ["busybox", ["busybox", "sh"]],
  ["the usual shell", ["sh"]],
])("installs over other plugins, again and again, while they are called, with %s", async (_, shell) => {
  await inLab(async (lab) => {
    const bin = join(lab.dir, "bin");
    const place = join(lab.dir, "downloads");
    mkdirSync(bin);
    cpSync(archives(), place, { recursive: true });
    // The reference's files, one of them running; a link to elsewhere; what an installation that was killed left.
    for (const name of ["bridge", "host-local", "portmap"]) copyFileSync(SLEEPER, join(bin, name));
    symlinkSync("/nowhere", join(bin, "loopback"));
    symlinkSync("berth", join(bin, ".bridge.new"));
    writeFileSync(join(bin, ".berth.new"), "half of it", { mode: 0o755 });
    const running = Bun.spawn([join(bin, "bridge"), "60"]);
    const install = () => Bun.spawn([...shell, "-c", commands(place, bin)], { stdout: "ignore", stderr: "pipe" });
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
    expect(readdirSync(bin).sort()).toEqual(
      [".berth-replaced", "berth", ...new Set([...REGISTRY.map(({ name }) => name), "portmap"])].sort(),
    );
    const ns = lab.container();
    lab.add({ ns, bin });
    lab.del({ ns, bin });
    expect(lab.leases()).toEqual({});
  })();
});
