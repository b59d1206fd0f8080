import * as sys from "#sys";
import { assertErrno, EEXIST, ETIMEDOUT, isErrno } from "../base/errno.ts";
import type { Host, PluginCall, PluginOutcome } from "../invoke/request.ts";
import { endingOf, notStarted } from "../invoke/system.ts";
import { O, S_IFDIR, S_IFMT, S_IFREG } from "../sys/flags.ts";

/** What the invoker runs with. */
export interface HostOptions {
  /** Told what a plugin that succeeded printed on stderr, as it is. */
  readonly warn: (text: string) => void;
  /** Milliseconds that a plugin may take; then it is killed. Absent: as long as it wants. */
  readonly timeout?: number | undefined;
}

/**
 * This machine, for the invoker: `drive(addList(list, attachment, setting), systemHost({ warn }))`. To watch calls, or to make
 * them in another way, spread it and replace `exec`.
 */
export function systemHost({ warn, timeout }: HostOptions): Host {
  return {
    readDirectory: ({ path }) => sys.readdir(path),
    isDirectory: ({ path }) => typeOf(path, sys.lstat) === S_IFDIR,
    readFile: ({ path }) => bytesOf(path),
    find: ({ candidates }) => candidates.find((path) => typeOf(path, sys.stat) === S_IFREG),
    exec: ({ call }) => {
      const outcome = exec(call, timeout);
      if (outcome.ending === undefined && outcome.stderr !== "") warn(outcome.stderr);
      return outcome;
    },
    writeCache: ({ directory, path, text }) => {
      makeDirectory(directory);
      sys.writeFile(path, text, O.CREAT | O.TRUNC, 0o600);
    },
    removeCache: ({ path }) => sys.unlink(path),
  };
}

/** The type bits of a file's mode; undefined where there is none. */
function typeOf(path: string, stat: typeof sys.stat): number | undefined {
  try {
    return stat(path).mode & S_IFMT;
  } catch (error) {
    assertErrno(error);
    return undefined;
  }
}

const CHUNK = 1 << 16;

function bytesOf(path: string): Uint8Array {
  const fd = sys.open(path, O.RDONLY);
  try {
    const chunks: Uint8Array[] = [];
    for (let chunk = sys.read(fd, CHUNK); chunk.length > 0; chunk = sys.read(fd, CHUNK)) chunks.push(chunk);
    return joined(chunks);
  } finally {
    sys.close(fd);
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** With its parents; that it is there already is right. */
function makeDirectory(path: string): void {
  if (typeOf(path, sys.stat) === S_IFDIR) return;
  const slash = path.lastIndexOf("/");
  if (slash > 0) makeDirectory(path.slice(0, slash));
  try {
    sys.mkdir(path, 0o700);
  } catch (error) {
    if (!isErrno(error, EEXIST)) throw error;
  }
}

function exec({ path, variables, stdin }: PluginCall, timeout: number | undefined): PluginOutcome {
  const env = new Map([...sys.environ(), ...variables]);
  try {
    const { stdout, stderr, ...ended } = sys.run(path, {
      env: [...env],
      stdin,
      ...(timeout === undefined ? {} : { timeout }),
    });
    const ending = endingOf(ended);
    return { stdout, stderr, ...(ending === undefined ? {} : { ending }) };
  } catch (error) {
    assertErrno(error);
    const ending = isErrno(error, ETIMEDOUT) ? `killed: no answer within ${timeout} ms` : notStarted(path, error);
    return { stdout: "", stderr: "", ending };
  }
}
