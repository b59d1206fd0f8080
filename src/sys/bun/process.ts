/** The process itself (sys/api.d.ts). */
import { readFileSync } from "node:fs";
import { isatty, WriteStream } from "node:tty";
import { call } from "./call.ts";
import { libc } from "./libc.ts";

/** In a program packed by `bun build --compile` its own name comes first, else that of the script. */
export function argv(): string[] {
  const packed = Bun.main.startsWith("/$bunfs/");
  return [packed ? process.argv0 : (process.argv[1] ?? Bun.main), ...process.argv.slice(2)];
}

/** From /proc/self/environ: process.env has no duplicates, and what a .env file says besides. */
export function environ(): [name: string, value: string][] {
  const entries = readFileSync("/proc/self/environ", "utf8").split("\0");
  return entries.flatMap((entry): [string, string][] => {
    const at = entry.indexOf("=");
    return at < 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
  });
}

export function exit(code: number): never {
  libc._exit(code);
  throw new Error("_exit(2) returned");
}

export function random(n: number): Uint8Array {
  const bytes = new Uint8Array(n);
  for (let at = 0; at < n; ) {
    const rest = bytes.subarray(at);
    at += call("getrandom", () => libc.getrandom(rest, rest.length, 0));
  }
  return bytes;
}

export function terminal(fd: number): { columns: number } | undefined {
  if (!isatty(fd)) return undefined;
  return { columns: new WriteStream(fd).columns };
}
