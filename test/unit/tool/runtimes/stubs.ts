/**
 * Programs that stand for runtimes' own: shell scripts that answer what the real ones answered (answers.json). Those of
 * crictl 1.37.0 and ctr 1.6.20 (containerd 1.6.20, the same from 2.4.2 but for warnings on stderr), and of podman 4.3.1, were
 * captured on 2026-11-29; nerdctl's is written by its documentation. Of crictl inspectp, and of the items of podman ps, what
 * nobody reads is left out.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import answers from "./said/answers.json";

export const ANSWERS: Readonly<Record<string, Readonly<Record<string, string>>>> = answers;

/** Puts the programs into a directory, which is the PATH of the environment that it returns. */
export function installStubs(directory: string, ...names: string[]): ReadonlyMap<string, string> {
  for (const name of names) {
    const said = Object.entries(ANSWERS[name] ?? {});
    const cases = said.map(([args, answer]) => `${quoted(args)}) printf '%s' ${quoted(answer)};;`);
    const unknown = `*) echo "level=warning msg=old" >&2; echo "${name}: unknown: $*" >&2; exit 3;;`;
    install(directory, name, `case "$*" in\n${[...cases, unknown].join("\n")}\nesac`);
  }
  return new Map([["PATH", directory]]);
}

export function install(directory: string, name: string, script: string): void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
