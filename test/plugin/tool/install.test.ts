/** `berth install`: the plugins are in a directory, what others had there is kept, and comes back. */
import { describe, expect } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { REGISTRY } from "../../../src/registry.ts";
import { attempt } from "../../support/command.ts";
import { built, needs, REFERENCE, reference } from "../../support/needs.ts";
import { BERTH, Place } from "./installed.ts";

const NAMES = ["berth", ...REGISTRY.map(({ name }) => name)].sort();
const KEPT = ".berth-replaced";

const allOf = (names: readonly string[], kind: string) => Object.fromEntries(names.map((name) => [name, kind]));
const script = (path: string, text: string) => writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });

describe("install", () => {
  const here = needs(built);

  here("gives each name a file of its own in a directory that it makes, once", () => {
    using place = new Place();
    const first = place.install();
    expect([first.status, first.stderr]).toEqual([0, ""]);
    expect(place.listing()).toEqual(allOf(NAMES, "file"));
    expect(
      NAMES.filter((name) => !place.isBerth(name) || (lstatSync(place.path(name)).mode & 0o777) !== 0o755),
    ).toEqual([]);
    const inode = lstatSync(place.path("bridge")).ino;
    expect(place.install()).toMatchObject({
      status: 0,
      stdout: `${place.bin} has this build already: nothing to do\n`,
    });
    expect(lstatSync(place.path("bridge")).ino).toBe(inode);
    expect(attempt(undefined, place.path("host-local")).stderr).toStartWith("CNI host-local plugin ");
    expect(attempt(undefined, place.path("berth"), "install", "--dir", place.bin).stdout).toContain("nothing to do");
  });

  here("says what it would do, and does nothing", () => {
    using place = new Place();
    const { status, stdout } = place.install("--dry-run");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^NAME +WAS +WOULD BE\nberth +- +a copy of this berth\n/);
    expect(existsSync(place.bin)).toBeFalse();
  });

  here("makes links where that is asked for, and files of them later", () => {
    using place = new Place();
    expect(place.install("--links").status).toBe(0);
    expect(place.listing()).toEqual({ ...allOf(NAMES, "berth"), berth: "file" });
    expect(place.install("--links").stdout).toContain("nothing to do");
    expect(place.install().status).toBe(0);
    expect(place.listing()).toEqual(allOf(NAMES, "file"));
  });

  here("gives them other names, which must end with a dash", () => {
    using place = new Place();
    expect(place.install("--names", "cnv").status).toBe(2);
    expect(place.install("--names", "../").status).toBe(2);
    expect(place.install("--names", "cnv-").status).toBe(0);
    expect(Object.keys(place.listing()).sort()).toEqual(["berth", ...REGISTRY.map(({ name }) => `cnv-${name}`)].sort());
    expect(place.install("--names", "cnv-", "--uninstall").status).toBe(0);
    expect(place.listing()).toEqual({});
  });

  here("takes what an installation that was killed left for what it is, and refuses a directory in the way", () => {
    using place = new Place();
    mkdirSync(place.bin);
    writeFileSync(place.path(".bridge.new"), "half of it", { mode: 0o755 });
    expect(place.install().status).toBe(0);
    expect(place.listing()).toEqual(allOf(NAMES, "file"));
    rmSync(place.path("tuning"));
    mkdirSync(place.path("tuning"));
    const { status, stdout, stderr } = place.install();
    expect([status, stdout, stderr]).toEqual([
      1,
      "",
      `berth install: ${place.path("tuning")} is a directory: move it away\n`,
    ]);
  });

  here("keeps others' files, programs and links, which come back by --uninstall", () => {
    using place = new Place();
    mkdirSync(place.bin);
    script(place.path("bridge"), "echo mine");
    chmodSync(place.path("bridge"), 0o711);
    symlinkSync("/nowhere", place.path("loopback"));
    symlinkSync("bridge", place.path("ptp"));
    script(place.path("macvlan"), "echo another");
    const before = place.listing();
    const { stdout } = place.install();
    expect(stdout).toMatch(
      /^bridge +another's, which does not answer VERSION +a copy of this berth, what was there is kept in \.berth-replaced\/bridge$/m,
    );
    expect(place.listing()).toEqual({ ...allOf(NAMES, "file"), macvlan: "file", [KEPT]: "file" });
    expect(readdirSync(place.path(KEPT)).sort()).toEqual(["bridge", "loopback", "ptp"]);
    expect(place.install().stdout).toContain("nothing to do");
    const { stdout: undone } = place.install("--uninstall");
    expect(undone).toMatch(/^tuning +berth, this build +removed: nothing was there before$/m);
    expect(place.listing()).toEqual(before);
    expect([readFileSync(place.path("bridge"), "utf8"), lstatSync(place.path("bridge")).mode & 0o777]).toEqual([
      "#!/bin/sh\necho mine\n",
      0o711,
    ]);
    expect(place.install("--uninstall").stdout).not.toContain("removed");
  });

  here("keeps what others put there since, and leaves what they put there at --uninstall", () => {
    using place = new Place();
    mkdirSync(place.bin);
    script(place.path("bridge"), "echo old");
    place.install();
    script(place.path(".new"), "echo new");
    attempt(undefined, "mv", place.path(".new"), place.path("bridge"));
    expect(place.install("--uninstall", "--dry-run").stdout).toMatch(
      /^bridge .*left: it is not berth's; \.berth-replaced\/bridge is left too$/m,
    );
    place.install();
    expect(readFileSync(join(place.path(KEPT), "bridge"), "utf8")).toContain("new");
    place.install("--uninstall");
    expect(place.listing()).toEqual({ bridge: "file" });
  });

  here("leaves berth where others are links to it", () => {
    using place = new Place();
    place.install();
    symlinkSync("berth", place.path("my-bridge"));
    expect(place.install("--uninstall").stdout).toMatch(/^berth .*left: others are links to it$/m);
    expect(place.listing()).toEqual({ berth: "file", "my-bridge": "berth" });
  });

  needs(built, reference)("says which network calls what, and whose that is", () => {
    using place = new Place();
    mkdirSync(place.bin);
    copyFileSync(join(REFERENCE, "macvlan"), place.path("macvlan"));
    const plugins = [{ type: "bridge", ipam: { type: "host-local" } }, { type: "macvlan" }, { type: "dhcp" }];
    writeFileSync(join(place.conf, "10-a.conflist"), JSON.stringify({ cniVersion: "1.0.0", name: "a", plugins }));
    const { stdout } = place.install("-o", "json");
    const { uses, steps } = JSON.parse(stdout);
    expect(uses.map((use: { plugin: string; program: { whose: string } }) => [use.plugin, use.program.whose])).toEqual([
      ["bridge", "this"],
      ["host-local", "this"],
      ["macvlan", "reference"],
      ["dhcp", "none"],
    ]);
    expect(steps.map(({ does }: { does: string }) => does)).toEqual(NAMES.map(() => "copy"));
    expect(place.install().stdout).toMatch(/^a +macvlan +the reference v\d.* +\S+10-a\.conflist$/m);
  });
});

/** Kills an installation at its Nth system call that changes the directory. */
const CHANGES =
  "openat,linkat,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat,mkdir,mkdirat,fchmodat,chmod";

needs(built, { what: "strace", met: () => attempt(undefined, "strace", "-V").status === 0 })(
  "killed anywhere, no name is missing, and the next installation does the rest",
  () => {
    for (const at of [2, 4, 7, 11, 18, 30]) {
      using place = new Place();
      mkdirSync(place.bin);
      for (const name of ["bridge", "host-local", "portmap"]) script(place.path(name), "echo old");
      const kill = `inject=${CHANGES}:signal=KILL:when=${at}`;
      attempt(
        undefined,
        "strace",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        kill,
        BERTH,
        "install",
        "--dir",
        place.bin,
        "--conf",
        place.conf,
      );
      for (const name of ["bridge", "host-local", "portmap"]) {
        const text = attempt(undefined, place.path(name));
        expect([at, name, text.stdout === "old\n" || text.stderr.startsWith(`CNI ${name} plugin`)]).toEqual([
          at,
          name,
          true,
        ]);
      }
      expect([at, place.install().status]).toEqual([at, 0]);
      expect(place.listing()).toEqual({ ...allOf(NAMES, "file"), [KEPT]: "file" });
      place.install("--uninstall");
      expect([at, Object.keys(place.listing()).sort()]).toEqual([at, ["bridge", "host-local", "portmap"]]);
      expect(readFileSync(place.path("bridge"), "utf8")).toContain("old");
    }
  },
);
