import * as sys from "#sys";
import { attempt } from "../base/attempt.ts";
import { assertErrno, messageOf } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import type { Family } from "../base/ip.ts";
import { directoriesOf, findProgram } from "../sys/find-program.ts";
import { teller } from "../sys/told.ts";

/** Runs the programs of iptables. */

/** Where they are when PATH does not say: plugins are started with almost no environment. */
const SYSTEM_PATH = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/** Seconds that others may hold the lock of xtables. */
const LOCK_WAIT = 20;

/** Milliseconds after which a program that hangs is killed. */
const TIMEOUT = (LOCK_WAIT + 10) * 1000;

/** What iptables ends with when it did not get the lock (RESOURCE_PROBLEM). */
const NO_LOCK = 4;

const TOOLS: Record<Family, string> = { 4: "iptables", 6: "ip6tables" };

/** "save" and "restore" of iptables as the machine has it configured, or of the old kind, which is not nf_tables'. */
export interface Kind {
  readonly family: Family;
  readonly legacy: boolean;
  /** That of nf_tables, whatever is configured. */
  readonly nft?: true;
}

/** The path of `iptables-restore` and its like; undefined where there is none. */
export function findTool({ family, legacy, nft }: Kind, verb: "save" | "restore"): string | undefined {
  const tool = TOOLS[family];
  const other = legacy ? [`${tool}-legacy-${verb}`] : nft ? [`${tool}-nft-${verb}`] : [];
  return findFile(...other, `${tool}-${verb}`);
}

function findFile(...names: string[]): string | undefined {
  return findProgram(names, [...directoriesOf(new Map(sys.environ()).get("PATH")), ...SYSTEM_PATH]);
}

/** Whether the machine's configured iptables is known to be that of nf_tables: the same file. */
export function isNftConfigured(family: Family): boolean {
  const paths = [`${TOOLS[family]}-restore`, `${TOOLS[family]}-nft-restore`].map((name) => findFile(name));
  const [configured, nft] = paths.map((path) => path && attempt(() => sys.stat(path).id));
  return configured !== undefined && configured === nft;
}

/** A table as iptables-save prints it. Throws Explained, also where it has not printed all. */
export function save(kind: Kind, table: "nat" | "filter" = "nat"): string {
  const saved = runTool(kind, "save", ["-t", table]);
  if (saved === "" || saved.includes("\nCOMMIT\n")) return saved;
  throw new Explained(`${TOOLS[kind.family]}-save has not printed all of table ${table}`, "try again");
}

/** Does commands (rules.ts), all or none, with the lock (lock.ts) open if there is one. Throws Explained. */
export function restore(kind: Kind, text: string, lock?: number): void {
  runTool(kind, "restore", ["--noflush", "-w", String(LOCK_WAIT)], text, lock);
  teller()?.(`${TOOLS[kind.family]}-restore --noflush <<'END'\n${text.trim()}\nEND`);
}

function runTool(kind: Kind, verb: "save" | "restore", args: string[], stdin = "", keep?: number): string {
  const path = findTool(kind, verb);
  if (path === undefined) throw missingTool(kind, verb);
  const { status, signal, stdout, stderr } = started(path, args, stdin, keep);
  if (status === 0) return stdout;
  const said = stderr.trim().replaceAll("\n", "; ");
  const ending = status === undefined ? `signal ${signal}` : `exit status ${status}`;
  throw new Explained(
    `${path} failed: ${said || ending}`,
    status === NO_LOCK
      ? `another program held the lock of xtables for ${LOCK_WAIT} seconds (/run/xtables.lock): try again`
      : `the input was: ${stdin.trim().replaceAll("\n", "; ")}`,
  );
}

function started(path: string, args: string[], stdin: string, keep?: number): ReturnType<typeof sys.run> {
  try {
    return sys.run(path, { args, env: sys.environ(), stdin, timeout: TIMEOUT, ...(keep !== undefined && { keep }) });
  } catch (error) {
    assertErrno(error);
    throw new Explained(`cannot run ${path}: ${messageOf(error)}`, "", error);
  }
}

/** That a program of iptables is not installed. */
export function missingTool({ family, legacy }: Kind, verb: "save" | "restore"): Explained {
  return new Explained(
    `there is no ${TOOLS[family]}-${verb} in PATH nor in ${SYSTEM_PATH.join(", ")}`,
    legacy
      ? "the kernel's rules are those of the old iptables, which only that program can change: install iptables"
      : "the configuration asks for it: install iptables, or leave that out (nftables needs no program)",
  );
}
