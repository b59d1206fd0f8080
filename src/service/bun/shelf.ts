import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Shelf } from "../operate/applied.ts";

/** A directory of the file system, made when something is first put there. Names that begin with a dot are nobody's yet. */
export function shelfAt(path: string): Shelf {
  return {
    path,
    read: (name) => (existsSync(join(path, name)) ? readFileSync(join(path, name), "utf8") : undefined),
    write(files) {
      mkdirSync(path, { recursive: true, mode: 0o755 });
      const parts = files.map(([name]) => join(path, `.${name}.new`));
      try {
        for (const [i, [, text]] of files.entries()) writeFileSync(parts[i] as string, text, { mode: 0o644 });
        for (const [i, [name]] of files.entries()) renameSync(parts[i] as string, join(path, name));
      } finally {
        for (const part of parts) if (existsSync(part)) rmSync(part);
      }
    },
    remove(names) {
      for (const name of names) rmSync(join(path, name), { force: true });
    },
  };
}
