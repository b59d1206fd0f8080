/** Images of containers that a test makes itself: a static busybox and nothing else. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, sh } from "./command.ts";
import type { Need } from "./needs.ts";

/** Its name in the runtime. */
export const IMAGE = "berth.test/busybox:1";

export const staticBusybox: Need = {
  what: "a static busybox (scripts/setup.sh)",
  // ldd fails for what is not dynamically linked.
  met: () => Bun.which("busybox") !== null && attempt(undefined, "ldd", Bun.which("busybox") ?? "").status !== 0,
};

/** Makes the root file system in `directory`: busybox, under the names of what is used of it. */
export function rootfsIn(directory: string): void {
  for (const name of ["bin", "etc", "tmp", "www"]) mkdirSync(join(directory, name), { recursive: true });
  cpSync(Bun.which("busybox") ?? "", join(directory, "bin/busybox"), { dereference: true });
  for (const applet of ["sh", "ping", "cat", "httpd", "sleep", "ip", "wget"])
    symlinkSync("busybox", join(directory, "bin", applet));
  writeFileSync(join(directory, "www/index.html"), "berth\n");
  writeFileSync(join(directory, "etc/passwd"), "root:x:0:0::/:/bin/sh\n");
}

/** Writes the image into `dir`, in the form of `docker save`: path of the archive. `entrypoint` is what it runs by itself. */
export function imageIn(dir: string, entrypoint: readonly string[] = []): string {
  const image = join(dir, "image");
  mkdirSync(image);
  rootfsIn(join(dir, "rootfs"));
  const layer = join(image, "layer.tar");
  tar(layer, join(dir, "rootfs"));
  const digest = new Bun.CryptoHasher("sha256").update(readFileSync(layer)).digest("hex");
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const config = {
    architecture,
    os: "linux",
    config: { Env: ["PATH=/bin"], ...(entrypoint.length > 0 ? { Entrypoint: entrypoint } : {}) },
    rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
  };
  writeFileSync(join(image, "config.json"), JSON.stringify(config));
  writeFileSync(
    join(image, "manifest.json"),
    JSON.stringify([{ Config: "config.json", RepoTags: [IMAGE], Layers: ["layer.tar"] }]),
  );
  tar(join(dir, "image.tar"), image);
  return join(dir, "image.tar");
}

function tar(archive: string, directory: string): void {
  const owned = ["--owner=0", "--group=0", "--numeric-owner"];
  sh(undefined, "tar", "--directory", directory, ...owned, "--create", "--file", archive, ".");
}
