/** Putting executables into a directory that is in use: each name leads to the old one or to the new one, whenever this ends. */
import { chmod, cloneFile, close, flock, fstat, linkFd, open, read, rename, rmdir, symlink, unlink, write } from "#sys";
import { assertErrno, ENOENT, ENOTEMPTY, isErrno } from "../../base/errno.ts";
import { makeDirectories } from "../../sys/directories.ts";
import { O } from "../../sys/flags.ts";
import { targetOf } from "./present.ts";

/** In the directory of the plugins: what was replaced, by name. No name of a plugin begins with a dot. */
export const KEPT = ".berth-replaced";

export const keptPath = (directory: string, name: string): string => `${directory}/${KEPT}/${name}`;

/** Milliseconds that another berth install or uninstall is waited for. */
const PATIENCE = 30_000;

/** Does something while nobody else installs into the directory. @throws SysError ETIMEDOUT */
export function alone<T>(directory: string, work: () => T): T {
  const fd = open(directory, O.RDONLY | O.DIRECTORY);
  try {
    flock(fd, PATIENCE);
    return work();
  } finally {
    close(fd);
  }
}

/** `name` becomes a copy of the executable `source`. @throws SysError */
export function putCopy(directory: string, name: string, source: string): void {
  replace(`${directory}/${name}`, (path) => copy(source, path, 0o755));
}

/** `name` becomes a link to another name of the directory. @throws SysError */
export function putLink(directory: string, name: string, target: string): void {
  replace(`${directory}/${name}`, (path) => symlink(target, path));
}

/** What `name` is now is kept beside, and stays. What was kept of that name before is gone. @throws SysError */
export function keep(directory: string, name: string): void {
  const path = `${directory}/${name}`;
  makeDirectories(`${directory}/${KEPT}`, 0o755);
  const link = targetOf(path);
  replace(keptPath(directory, name), (kept) => (link === undefined ? linkOrCopy(path, kept) : symlink(link, kept)));
}

/** What was kept of `name` is in its place again. @throws SysError ENOENT where nothing was */
export function restore(directory: string, name: string): void {
  rename(keptPath(directory, name), `${directory}/${name}`);
}

/** The directory of what is kept goes when nothing is in it. @throws SysError */
export function removeKept(directory: string): void {
  try {
    rmdir(`${directory}/${KEPT}`);
  } catch (error) {
    if (!isErrno(error, ENOENT, ENOTEMPTY)) throw error;
  }
}

/** Makes something under a name that no runtime looks for, and then in place of what is at `path`. */
function replace(path: string, make: (path: string) => void): void {
  const fresh = path.replace(/[^/]*$/, (name) => `.${name}.new`);
  unlink(fresh);
  try {
    make(fresh);
    rename(fresh, path);
  } finally {
    // Of two names of one file rename(2) leaves both.
    unlink(fresh);
  }
}

const CHUNK = 1 << 20;

/** A second name for the file where the file system has that, else a copy. */
function linkOrCopy(from: string, to: string): void {
  const fd = open(from, O.RDONLY);
  try {
    linkFd(fd, to);
  } catch (error) {
    assertErrno(error);
    copy(from, to, fstat(fd).mode & 0o7777);
  } finally {
    close(fd);
  }
}

/** A new file with the content of another: with its blocks, where the file system shares them. */
function copy(from: string, to: string, mode: number): void {
  const source = open(from, O.RDONLY);
  try {
    const fresh = open(to, O.WRONLY | O.CREAT | O.EXCL, 0o600);
    try {
      fill(source, fresh);
    } finally {
      close(fresh);
    }
    chmod(to, mode);
  } finally {
    close(source);
  }
}

function fill(source: number, fresh: number): void {
  try {
    cloneFile(source, fresh);
  } catch (error) {
    assertErrno(error);
    for (let bytes = read(source, CHUNK); bytes.length > 0; bytes = read(source, CHUNK)) write(fresh, bytes);
  }
}
