/** That the campaigns see what goes wrong: their own parts, on samples. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIN, built, namespaces, needs, nftables } from "../support/needs.ts";
import { type Bench, openBench } from "./bench.ts";
import { injected, straceInjecting, systemCalls } from "./system-calls.ts";
import { sample } from "./tally.ts";

/** What `read` says of a log with these lines. */
function ofLog<T>(lines: readonly string[], read: (log: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "berth-log-"));
  try {
    const log = join(dir, "strace");
    writeFileSync(log, `${lines.join("\n")}\n`);
    return read(log);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe("systemCalls()", () => {
  const LOG = [
    '100   execve("/bin/plugin", ["plugin"], 0x7ffd /* 9 vars */) = 0',
    '100   read(0, "{}", 4096)               = 2',
    "100   clone(child_stack=0x7f) = 101",
    '100   read(3, "x", 1)                   = 1',
    "101   read(4,  <unfinished ...>",
    "100   close(3)                          = 0",
    '101   <... read resumed>"y", 1)         = 1',
    '101   read(4, "", 1)                    = 0',
    '101   read(4, "", 1)                    = 0',
    "100   --- SIGCHLD {si_signo=SIGCHLD} ---",
    '102   execve("/usr/sbin/iptables", ["iptables"], 0x7ffd /* 9 vars */) = 0',
    "102   socket(AF_UNIX, SOCK_STREAM, 0)   = 3",
    '102   read(5, "", 1)                    = 0',
    '102   read(5, "", 1)                    = 0',
    '102   read(5, "", 1)                    = 0',
    '102   read(5, "", 1)                    = 0',
    "100   +++ exited with 0 +++",
  ];
  const found = ofLog(LOG, systemCalls);
  const names = found.map(({ name, nth }) => `${name}#${nth}`);

  test("counts by name and by thread, each pair once", () => {
    expect(names).toEqual(["read#1", "clone#1", "read#2", "close#1", "read#3"]);
    expect(found.map(({ at }) => at)).toEqual([1, 2, 3, 5, 8]);
  });

  test("shows the line of the first thread that came to it", () => {
    expect(found[2]?.line).toBe('read(3, "x", 1)                   = 1');
  });

  test("leaves out execve, and the programs of iptables", () => {
    expect(names.filter((name) => /execve|socket|read#4/.test(name))).toEqual([]);
  });
});

describe("injected()", () => {
  test.each([
    ["nothing", ['7  read(0, "", 1) = 0', "7  +++ exited with 0 +++"], []],
    ["a kill", ["7  read(0 <unfinished ...>) = ?", "7  +++ killed by SIGKILL +++"], ["+++ killed by SIGKILL +++"]],
    ["a signal", ["7  --- SIGTERM {si_signo=SIGTERM} ---"], ["--- SIGTERM {si_signo=SIGTERM} ---"]],
    ["a child's end", ["7  --- SIGCHLD {si_signo=SIGCHLD} ---"], []],
    [
      "each error",
      ["7  write(4) = 1", "7  write(5) = -1 EIO (INJECTED)", "8  write(1) = -1 EIO (INJECTED)"],
      ["write(5) = -1 EIO (INJECTED)", "write(1) = -1 EIO (INJECTED)"],
    ],
  ] as const)("tells %s", (_, lines, what) => {
    expect(ofLog(lines, injected)).toEqual([...what]);
  });

  test("straceInjecting() asks for one call, or for it and all later ones", () => {
    const at = { name: "read", nth: 3, line: "", at: 0 };
    expect(straceInjecting("log", at, "error=EIO").at(-1)).toBe("inject=read:error=EIO:when=3");
    expect(straceInjecting("log", at, "error=EIO", true).at(-1)).toBe("inject=read:error=EIO:when=3+");
  });
});

test("sample() leaves nothing out with a step of 1, and every other one with 2", () => {
  expect(sample([1, 2, 3, 4], 1)).toEqual([1, 2, 3, 4]);
  expect([
    [1, 3],
    [2, 4],
  ]).toContainEqual(sample([1, 2, 3, 4], 2));
});

/** [what is planted or taken away, how, the line that must tell of it] */
const STRAYS: readonly (readonly [string, (bench: Bench) => unknown, RegExp])[] = [
  [
    "a lease",
    ({ lab }) => writeFileSync(join(lab.store, "labnet/10.77.0.9"), "stray\r\neth0"),
    /^file labnet\/10\.77\.0\.9 "stray/,
  ],
  [
    "a file beside the leases",
    ({ lab }) => writeFileSync(join(lab.store, ".berth-labnet"), ""),
    /^file \.berth-labnet ""/,
  ],
  [
    "a link on the host",
    ({ lab }) => lab.sh(lab.host, "ip", "link", "add", "stray0", "type", "bridge"),
    /^host: link stray0/,
  ],
  ["a link in a container", ({ call }) => call("ADD", "stray"), /^container 1: link eth0/],
  ["a rule", ({ lab }) => lab.sh(lab.host, "nft", "add", "table", "ip", "stray"), /^rule table ip stray/],
  ["a masqueraded address", ({ call }) => call("ADD", "stray"), /^rule .*stray/],
  ["a lost lease", ({ lab }) => rmSync(join(lab.store, "labnet/10.77.0.2")), /^missing: file labnet\/10\.77\.0\.2/],
  ["a lost rule", ({ lab }) => lab.sh(lab.host, "nft", "flush", "ruleset"), /^missing: rule .*masquerade/],
];

describe("remains()", () => {
  needs(namespaces, nftables, built).each(STRAYS)("tells of %s", (_, plant, line) => {
    using bench = openBench({ bin: BIN, ipMasq: true });
    expect(bench.remains()).toEqual([]);
    plant(bench);
    expect(bench.remains()).toContainEqual(expect.stringMatching(line));
  });
});
