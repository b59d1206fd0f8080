import {
  argv,
  decodeUtf8,
  deferSignals,
  encodeUtf8,
  environ,
  exit,
  readText,
  terminal,
  walkRecords,
  write,
} from "#sys";
import { useWalk } from "./base/records.ts";
import { settle } from "./base/undo.ts";
import { useHost } from "./base/utf8.ts";
import { cli } from "./cli.ts";
import { PLUGINS } from "./programs.ts";
import type { Reply } from "./skel/reply.ts";
import type { Stream } from "./tool/world.ts";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

const COLUMNS = 80;

/** The environment by name; the first of two wins, as for getenv(3) and for the reference. */
function environment(): Map<string, string> {
  const variables = environ();
  const found = new Map<string, string>();
  for (let i = variables.length - 1; i >= 0; i--) {
    const variable = variables[i] as (typeof variables)[number];
    found.set(variable[0], variable[1]);
  }
  return found;
}

/** Nothing is printed where there is nothing to say: a DEL needs no stdout. */
function print(fd: number, text: string): void {
  if (text !== "") write(fd, text);
}

/** Prints the output and returns the exit status: 1 when nobody took the result, which is then taken back. */
function deliver({ code, stdout, stderr, rollback, log }: Reply): number {
  settle([() => print(STDERR, stderr)]);
  const [failure] = settle([() => print(STDOUT, stdout)]);
  if (failure !== undefined && rollback) settle([rollback]);
  if (log) settle([() => print(STDERR, log(failure === undefined))]);
  if (failure === undefined) return code;
  settle([() => print(STDERR, `berth: the result could not be written: ${failure}\n`)]);
  return 1;
}

// This module is evaluated when the executable is built (runtime/src/snapshot/mod.rs), and all that it imports with it.
useHost({ encode: encodeUtf8, decode: decodeUtf8 });
useWalk(walkRecords);

function stream(name: "stdout" | "stderr"): Stream {
  const found = terminal(name === "stdout" ? STDOUT : STDERR);
  return { isTerminal: found !== undefined, columns: found?.columns || COLUMNS };
}

const progress = (line: string): void => print(STDERR, `${line}\n`);

/** Runs the program that this process is called as. Does not return. */
export function main(): void {
  const world = { argv: argv(), env: environment(), stdin: () => readText(STDIN), stream, progress };
  const output = cli(world, PLUGINS);
  // The work is done by now: a signal that comes this late must not keep the caller from hearing of it.
  const code = deferSignals(() => deliver(output));
  const last = code === 0 ? output.rest?.((text) => print(STDOUT, text)) : undefined;
  exit(last ?? code);
}
