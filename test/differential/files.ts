import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Everything under a directory: path → mode, owner and content, byte for byte. */
export function filesUnder(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mode, uid, gid } = lstatSync(path);
      const content = entry.isFile() ? JSON.stringify(readFileSync(path, "latin1")) : "";
      return [relative(directory, path), `${mode.toString(8)} ${uid}:${gid} ${content}`];
    }),
  );
}
