/** Inode numbers beyond 2^53, of which neighbours are not the same file: an overlay with xino=on. */
import { expect } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../support/cni-error.ts";
import { attempt, sh } from "../support/command.ts";
import { inLab } from "../support/lab.ts";
import { BIN, built, type Need, namespaces, needs } from "../support/needs.ts";

/** Two lower directories: the files of the one that is not on the upper's file system get the high numbers. */
function mountOverlay(root: string): string {
  const at = (name: string) => join(root, name);
  for (const name of ["low", "other", "up", "work", "merged"]) mkdirSync(at(name), { recursive: true });
  sh(undefined, "mount", "-t", "tmpfs", "none", at("other"));
  const layers = `lowerdir=${at("other")}:${at("low")},upperdir=${at("up")},workdir=${at("work")}`;
  sh(undefined, "mount", "-t", "overlay", "overlay", "-o", `xino=on,${layers}`, at("merged"));
  return at("merged");
}

function unmount(root: string): void {
  for (const name of ["merged", "other"]) attempt(undefined, "umount", join(root, name));
}

const PROBE =
  "d=$(mktemp -d) && mkdir $d/l $d/u $d/w && mount -t overlay o -o xino=on,lowerdir=$d/l,upperdir=$d/u,workdir=$d/w $d/l && umount $d/l";
const overlay: Need = {
  what: "root and overlayfs with xino=on",
  met: () => attempt(undefined, "sh", "-c", PROBE).status === 0,
};

needs(
  namespaces,
  built,
  overlay,
)(
  "bridge runs another executable called host-local, however close its inode number is",
  inLab((lab) => {
    const root = join(lab.dir, "overlay");
    mkdirSync(root);
    sh(undefined, "mount", "-t", "tmpfs", "none", root);
    try {
      const bin = mountOverlay(root);
      const low = join(root, "other");
      copyFileSync(join(BIN, "berth"), join(low, "bridge"));
      writeFileSync(join(low, "host-local"), `#!/bin/sh\necho '{"code": 111, "msg": "another host-local"}'; exit 1\n`);
      for (const name of ["bridge", "host-local"]) chmodSync(join(low, name), 0o755);
      const [one, two] = ["bridge", "host-local"].map((name) => statSync(join(bin, name), { bigint: true }).ino);
      expect([Number(one) === Number(two), one === two]).toEqual([true, false]);
      const ns = lab.container();
      expect(cniError(lab.call("bridge", "ADD", { bin, ns }), "another host-local").code).toBe(111);
    } finally {
      unmount(root);
      attempt(undefined, "umount", root);
    }
  }),
);
