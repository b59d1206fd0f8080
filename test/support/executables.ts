import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of executables for CNI_PATH, removed at the end of the scope that holds it with `using`. */
export function executables(): Executables {
  return new Executables();
}

class Executables {
  readonly dir = mkdtempSync(join(tmpdir(), "berth-path-"));

  /** Puts a shell script there. */
  script(name: string, body: string): string {
    const path = join(this.dir, name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** Puts a link to the program that runs this test there. */
  self(name: string): string {
    const path = join(this.dir, name);
    symlinkSync(process.execPath, path);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true });
  }
}
