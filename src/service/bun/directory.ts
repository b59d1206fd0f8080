import { existsSync, type FSWatcher, readdirSync, readFileSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import type { RecordDirectory } from "../sources/cni.ts";
import type { Directory, FileEntry } from "../sources/files.ts";
import { readingOf } from "./reading.ts";

/** How long after a first change the rest of it is waited for: an editor writes, renames and removes. */
const SETTLE_MS = 20;

/** How often is looked without being told to: also for a directory that comes later. */
const LOOK_MS = 2000;

/** A directory of the file system. */
export function directoryAt(path: string): Directory {
  return { ...contentOf(path), watch: (changed) => settling(changed, (told) => watchDirectory(path, told)) };
}

/** One whose files are there whole or not at all: what changes is told at once. */
export function recordsAt(path: string): RecordDirectory {
  return {
    ...contentOf(path),
    read: (name) => readFileSync(join(path, name), "utf8"),
    watch: (changed) => watchDirectory(path, changed),
  };
}

function contentOf(path: string): Omit<Directory, "watch"> {
  return {
    path,
    entry: (name) => entryOf(path, name)[0],
    list: () => (existsSync(path) ? readdirSync(path).flatMap((name) => entryOf(path, name)) : []),
    read: ({ name, size }) => readingOf(join(path, name), size),
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

/** Calls `changed` with each name at once, and without one for all that happens within a while. */
function settling(changed: (name?: string) => void, begin: (told: (name?: string) => void) => () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = begin((name) => {
    if (name !== undefined) changed(name);
    timer ??= setTimeout(() => {
      timer = undefined;
      changed();
    }, SETTLE_MS);
  });
  return () => {
    clearTimeout(timer);
    end();
  };
}

/** Calls `changed` with the name of a file, or without one when any may be otherwise. */
function watchDirectory(path: string, changed: (name?: string) => void): () => void {
  let watcher: FSWatcher | undefined;
  let watched: number | undefined;
  const listen = () => {
    // Another directory may have taken its place.
    const there = statSync(path, { throwIfNoEntry: false })?.ino;
    if (there === watched && (watcher || there === undefined)) return;
    watcher?.close();
    watched = there;
    watcher = there === undefined ? undefined : watch(path, (_, name) => changed(name ?? undefined));
    watcher?.on("error", () => {
      watcher?.close();
      watcher = undefined;
    });
  };
  listen();
  const look = setInterval(() => {
    listen();
    changed();
  }, LOOK_MS);
  return () => {
    clearInterval(look);
    watcher?.close();
  };
}
