import { close, encodeUtf8, flock, fstat, open, rename, stat, write } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { EINVAL, ENOENT, ETIMEDOUT, isErrno } from "../../base/errno.ts";
import { makeDirectories } from "../../sys/directories.ts";
import { O, S_IFMT, S_IFREG } from "../../sys/flags.ts";

/** How many rotated files stay: PATH.1, the newest, to PATH.3. */
export const KEPT = 3;

/** Milliseconds to wait for the others, each of whom writes a line; then the line is written without the lock. */
const PATIENCE = 1000;

/** No caller's call may take longer for others' rotations; each needs a line of another process between. */
const ROUNDS = 100;

/**
 * Appends a line to the file `path`, which is made with mode 0640, with its directory, where it is not there. One write(2)
 * at the end of the file under its lock: lines of many processes stand whole and one after another. A file that would get
 * longer than `size` bytes is renamed before. @throws SysError
 */
export function append(path: string, line: string, size: number): void {
  const bytes = encodeUtf8(line);
  for (let round = 0; round < ROUNDS; round++) {
    const fd = openLog(path);
    try {
      const locked = lock(fd);
      const current = !locked || isStill(fd, path);
      if (current && !(locked && isFull(fd, bytes.length, size))) {
        write(fd, bytes);
        return;
      }
      if (current) rotate(path);
    } finally {
      close(fd);
    }
  }
  throw new Error(`${path} was rotated ${ROUNDS} times meanwhile`);
}

function openLog(path: string): number {
  // Nothing that could keep a call waiting, as a FIFO that nobody reads.
  const flags = O.WRONLY | O.APPEND | O.CREAT | O.NONBLOCK | O.NOCTTY;
  try {
    return regular(open(path, flags, 0o640), path);
  } catch (error) {
    if (!isErrno(error, ENOENT)) throw error;
    makeDirectories(path.slice(0, path.lastIndexOf("/")), 0o755);
    return regular(open(path, flags, 0o640), path);
  }
}

function regular(fd: number, path: string): number {
  if ((fstat(fd).mode & S_IFMT) === S_IFREG) return fd;
  close(fd);
  throw Object.assign(new Error(`${path} is not a regular file`), { errno: EINVAL });
}

/** False where others have held it for too long, a stopped process for instance. */
function lock(fd: number): boolean {
  try {
    flock(fd, PATIENCE);
    return true;
  } catch (error) {
    if (isErrno(error, ETIMEDOUT)) return false;
    throw error;
  }
}

/** Whether nobody has renamed the file since it was opened. */
function isStill(fd: number, path: string): boolean {
  return attempt(() => stat(path).id) === fstat(fd).id;
}

function isFull(fd: number, more: number, size: number): boolean {
  const now = fstat(fd).size;
  return now > 0 && now + more > size;
}

/** Under the lock of the file at `path`: whoever waits for it finds that it is another, and opens that. */
function rotate(path: string): void {
  for (let number = KEPT - 1; number > 0; number--) move(`${path}.${number}`, `${path}.${number + 1}`);
  move(path, `${path}.1`);
}

function move(from: string, to: string): void {
  try {
    rename(from, to);
  } catch (error) {
    if (!isErrno(error, ENOENT)) throw error;
  }
}
