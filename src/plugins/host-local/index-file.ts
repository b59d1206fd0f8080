/** The files of indexes, <indexDir>/<dev>-<ino> of the lease directory: opened, and removed when that is gone. */

import { close, open, readdir, realtime, stat, unlink } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { ENOENT, ENOTDIR, isErrno } from "../../base/errno.ts";
import { makeDirectories } from "../../sys/directories.ts";
import { O } from "../../sys/flags.ts";
import type { Store } from "./store.ts";
import { directoryOfIndex } from "./table.ts";

/** How many indexes are looked at when there is a new one. */
const SWEPT = 64;

/** Opens the index of a store, or makes an empty one. @throws SysError */
export function openIndex(store: Store): number {
  const { indexDir } = store.place;
  const path = indexPath(store);
  const flags = O.RDWR | O.CREAT | O.NOFOLLOW | O.NONBLOCK;
  try {
    return open(path, flags, 0o600);
  } catch (error) {
    if (!isErrno(error, ENOENT)) throw error;
  }
  makeDirectories(indexDir.slice(0, indexDir.lastIndexOf("/")), 0o755);
  makeDirectories(indexDir, 0o700);
  return open(path, flags, 0o600);
}

/**
 * Removes indexes, other than the store's, whose lease directory is gone: networks that are made and removed all day leave
 * nothing that piles up. Looks at some of them only, not always the same. What fails is left for the next time.
 */
export function sweepIndexes(store: Store): void {
  const { indexDir } = store.place;
  const own = nameOf(store);
  const names = attempt(() => readdir(indexDir).filter((name) => name !== own && /^\d+-\d+$/.test(name))) ?? [];
  const start = Math.floor(realtime());
  for (let i = 0; i < Math.min(SWEPT, names.length); i++) {
    const name = names[(start + i) % names.length] as string;
    attempt(() => {
      if (isOrphan(indexDir, name)) unlink(`${indexDir}/${name}`);
    });
  }
}

/** Whether a file is an index, and not of the directory that it says it is of. @throws SysError when that cannot be told */
function isOrphan(indexDir: string, name: string): boolean {
  const directory = directoryIn(`${indexDir}/${name}`);
  // An older berth's does not say: if the network is still there, its index will be built anew.
  if (directory === undefined || directory === "older") return directory === "older";
  try {
    return name !== nameOf({ stat: stat(directory) });
  } catch (error) {
    if (isErrno(error, ENOENT, ENOTDIR)) return true;
    throw error;
  }
}

function directoryIn(path: string): string | undefined {
  const fd = open(path, O.RDONLY | O.NOFOLLOW | O.NONBLOCK);
  try {
    return directoryOfIndex(fd);
  } finally {
    close(fd);
  }
}

/** The index file of a store. */
export function indexPath(store: Pick<Store, "place" | "stat">): string {
  return `${store.place.indexDir}/${nameOf(store)}`;
}

function nameOf({ stat: { id } }: Pick<Store, "stat">): string {
  return id;
}
