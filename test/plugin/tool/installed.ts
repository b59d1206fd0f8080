import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "../../support/command.ts";
import { BIN } from "../../support/needs.ts";

export const BERTH = join(BIN, "berth");

/** A directory for plugins and one for configurations; both go when the test ends. */
export class Place implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "berth-install-"));
  readonly bin = join(this.root, "bin");
  readonly conf = join(this.root, "net.d");

  constructor() {
    mkdirSync(this.conf);
  }

  path(name: string): string {
    return join(this.bin, name);
  }

  install(...options: string[]) {
    return attempt(undefined, BERTH, "install", "--dir", this.bin, "--conf", this.conf, ...options);
  }

  /** The names and what they are: "file", or where a link leads. */
  listing(): Record<string, string> {
    const kind = (name: string) =>
      lstatSync(this.path(name)).isSymbolicLink() ? readlinkSync(this.path(name)) : "file";
    return Object.fromEntries(readdirSync(this.bin).map((name) => [name, kind(name)]));
  }

  isBerth(name: string): boolean {
    return readFileSync(this.path(name)).equals(readFileSync(BERTH));
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
