import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Verb } from "./conf.ts";

/** An IPAM plugin that is nobody's: a script that records how it is called and prints what it is told to. */
export interface FakeIpam {
  /** For CNI_PATH. */
  readonly dir: string;
  /** What it prints and how it ends at an ADD. */
  answer(stdout: string, status?: number): void;
  /** How the last call of a verb was; undefined when there was none. */
  recorded(verb: Verb): Recorded | undefined;
  /** The verbs it was called with, in order. */
  calls(): string[];
  forget(): void;
}

export interface Recorded {
  env: Record<string, string>;
  stdin: string;
  args: string;
  cwd: string;
  /** Whether the container had its interface by then. */
  linkExists: boolean;
}

export const FAKE_RESULT = {
  cniVersion: "1.0.0",
  ips: [{ address: "10.77.0.50/24", gateway: "10.77.0.1" }],
  routes: [{ dst: "0.0.0.0/0" }],
  dns: { nameservers: ["192.0.2.53"] },
};

/** Sets by the shell for itself; everything else is from the caller. */
const SHELL = ["PWD", "OLDPWD", "SHLVL", "_"];

/** Makes the plugin "fake" in `directory`/path. */
export function fakeIpam(directory: string): FakeIpam {
  const dir = join(directory, "path");
  const log = join(directory, "fake");
  mkdirSync(dir, { recursive: true });
  mkdirSync(log, { recursive: true });
  writeFileSync(join(dir, "fake"), SCRIPT(log));
  chmodSync(join(dir, "fake"), 0o755);
  const file = (verb: string, what: string) => readFileSync(join(log, `${verb}.${what}`), "utf8");
  const fake: FakeIpam = {
    dir,
    answer: (stdout, status = 0) => {
      writeFileSync(join(log, "answer"), stdout);
      writeFileSync(join(log, "status"), String(status));
    },
    recorded: (verb) => (existsSync(join(log, `${verb}.env`)) ? read((what) => file(verb, what)) : undefined),
    calls: () => readFileSync(join(log, "calls"), "utf8").split("\n").filter(Boolean),
    forget: () => writeFileSync(join(log, "calls"), ""),
  };
  fake.answer(JSON.stringify(FAKE_RESULT));
  fake.forget();
  return fake;
}

const SCRIPT = (log: string) => `#!/bin/sh
L=${log}/$CNI_COMMAND
echo "$CNI_COMMAND" >>${log}/calls
env -0 >$L.env
cat >$L.stdin
echo "$*" >$L.args
pwd >$L.cwd
nsenter --net="$CNI_NETNS" ip link show dev "$CNI_IFNAME" >/dev/null 2>&1; echo $? >$L.link
[ "$CNI_COMMAND" = ADD ] || exit 0
cat ${log}/answer
exit $(cat ${log}/status)
`;

function read(file: (what: string) => string): Recorded {
  const entries = file("env").split("\0").filter(Boolean);
  const pairs = entries.map(
    (entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)] as const,
  );
  return {
    env: Object.fromEntries(pairs.filter(([name]) => !SHELL.includes(name)).sort()),
    stdin: file("stdin"),
    args: file("args").trim(),
    cwd: file("cwd").trim(),
    linkExists: file("link").trim() === "0",
  };
}
