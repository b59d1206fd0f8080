import { existsSync, type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import type { Directory, FileEntry } from "../sources/files.ts";
import { readingOf } from "./reading.ts";

/** How long after a first change the rest of it is waited for: an editor writes, renames and removes. */
const SETTLE_MS = 20;

/** How often is looked without being told to: also for a directory that comes later. */
const LOOK_MS = 2000;

/** A directory of the file system. */
export function directoryAt(path: string): Directory {
  return {
    path,
    list: () => (existsSync(path) ? readdirSync(path).flatMap((name) => entryOf(path, name)) : []),
    read: ({ name, size }) => readingOf(join(path, name), size),
    watch: (changed) => watchDirectory(path, changed),
  };
}

/** Which directory or file is at a path: `DEV-INO`, as sys.stat has it; "": none. */
export function idOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}-${stat.ino}` : "";
}

/** Nothing for what is no file, or went meanwhile. Symbolic links are followed: ConfigMaps are made of them. */
function entryOf(path: string, name: string): FileEntry[] {
  const stat = statSync(join(path, name), { throwIfNoEntry: false });
  if (!stat?.isFile()) return [];
  const { ino, size, mtimeMs, ctimeMs } = stat;
  return [{ name, stamp: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, changed: mtimeMs, size }];
}

function watchDirectory(path: string, changed: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      changed();
    }, SETTLE_MS);
  };
  const listen = () => {
    if (watcher || !existsSync(path)) return;
    watcher = watch(path, soon);
    watcher.on("error", () => {
      watcher?.close();
      watcher = undefined;
    });
    soon();
  };
  listen();
  const look = setInterval(() => {
    if (!existsSync(path)) {
      watcher?.close();
      watcher = undefined;
    }
    listen();
    soon();
  }, LOOK_MS);
  return () => {
    clearInterval(look);
    clearTimeout(timer);
    watcher?.close();
  };
}
