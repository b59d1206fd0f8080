/** Running a program where the kernel seems to lack something: a seccomp filter answers in its place. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BIN } from "./needs.ts";

/** Numbers of system calls (asm/unistd_64.h; asm-generic/unistd.h for arm64). */
const CALLS = {
  socket: { x64: 41, arm64: 198 },
} as const;

export interface Refusal {
  call: keyof typeof CALLS;
  /** Values of arguments, by their place, with which it is refused; others are let through. */
  when: Record<number, number>;
  errno: number;
}

/** Classic BPF (linux/seccomp.h): loads of struct seccomp_data, comparisons, verdicts; each check that fails lets through. */
function filterOf({ call, when, errno }: Refusal): number[][] {
  const number = CALLS[call][process.arch as "x64" | "arm64"];
  const checks = [[0, number], ...Object.entries(when).map(([place, value]) => [16 + 8 * Number(place), value])];
  const rest = (i: number) => 2 * (checks.length - 1 - i) + 1;
  return [
    ...checks.flatMap(([offset = 0, value = 0], i) => [
      [0x20, 0, 0, offset],
      [0x15, 0, rest(i), value],
    ]),
    [0x06, 0, 0, 0x00050000 | errno],
    [0x06, 0, 0, 0x7fff0000],
  ];
}

/** Installs the filter given as words (prctl PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP) and becomes the command. */
const PYTHON = `
import ctypes, os, struct, sys
rows = [tuple(map(int, row.split(","))) for row in sys.argv[1].split(";")]
code = b"".join(struct.pack("HBBI", *row) for row in rows)
program = ctypes.create_string_buffer(code)
filter = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(rows), ctypes.addressof(program)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
if prctl(38, 1, 0, 0, 0) or prctl(22, 2, filter, 0, 0): sys.exit("no filter")
os.execv(sys.argv[2], sys.argv[2:])
`;

/** Makes a directory of plugins, in `dir`, which run under the filter: for `bin` of a call, with `path` as it was. */
export function filtered(dir: string, plugins: readonly string[], refusal: Refusal): string {
  const bin = join(dir, "filtered");
  mkdirSync(bin);
  writeFileSync(join(bin, "filter.py"), PYTHON);
  const words = filterOf(refusal).join(";");
  for (const plugin of plugins) {
    const file = join(bin, plugin);
    writeFileSync(file, `#!/bin/sh\nexec python3 ${bin}/filter.py '${words}' ${join(BIN, plugin)}\n`);
    chmodSync(file, 0o755);
  }
  return bin;
}
