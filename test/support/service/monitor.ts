/** Commits to berthd's maps as `nft monitor` reports them: the kernel's own word on when something was there. */

import { monotonic } from "../../../src/sys/bun/clock.ts";
import type { Lab } from "../lab.ts";
import { linesOf } from "./talk.ts";

/** One generation of the ruleset. */
export interface Commit {
  /** When it was reported, which is after it happened: milliseconds of the machine's clock (CLOCK_MONOTONIC). */
  readonly at: number;
  /** The name of the process that made it. */
  readonly by: string;
  /** `add element ip berth-services endpoints { … }` and the like. */
  readonly lines: readonly string[];
}

/** Has `take` called with each commit in the host's namespace from now on. Returns what ends that. */
export async function watchCommits(lab: Lab, take: (commit: Commit) => void): Promise<() => void> {
  const child = Bun.spawn(["ip", "netns", "exec", lab.host, "nft", "monitor"], { stdout: "pipe", stderr: "inherit" });
  void read(child.stdout, take);
  await isListening(child.pid);
  return () => child.kill("SIGKILL");
}

async function read(stream: ReadableStream<Uint8Array>, take: (commit: Commit) => void): Promise<void> {
  let lines: string[] = [];
  for await (const line of linesOf(stream)) {
    const [, by] = /^# new generation \d+ by process \d+ \((.*)\)$/.exec(line) ?? [];
    if (by === undefined) lines.push(line);
    else {
      take({ at: monotonic(), by, lines });
      lines = [];
    }
  }
}

/** It says nothing when it begins, but has a socket of netfilter's with groups then. */
async function isListening(pid: number): Promise<void> {
  for (let left = 500; left > 0; left--) {
    const text = await Bun.file(`/proc/${pid}/net/netlink`).text();
    const rows = text.split("\n").map((line) => line.trim().split(/\s+/));
    if (rows.some(([, protocol, , groups = ""]) => protocol === "12" && /[1-9a-f]/.test(groups))) return;
    await Bun.sleep(10);
  }
  throw new Error("nft monitor does not begin");
}

export interface Life {
  readonly from: number;
  /** Infinite while it goes on. */
  to: number;
}

/** Which endpoints `endpoints` of a family has, and when each came and went. */
export class Lives {
  readonly #ends = new Map<string, string>();
  readonly #lives = new Map<string, Life[]>();
  readonly #family: string;

  constructor(family: "ip" | "ip6") {
    this.#family = family;
  }

  /** Returns the endpoints that went with it. */
  take({ at, lines }: Commit): string[] {
    const before = new Set(this.#ends.values());
    const own = new RegExp(`^(add|delete) element ${this.#family} berth-services endpoints \\{ (.*) : (.*) \\}$`);
    for (const line of lines) {
      const [, verb, key = "", end = ""] = own.exec(line) ?? [];
      if (verb === "add") this.#ends.set(key, end);
      else if (verb === "delete") this.#ends.delete(key);
    }
    const after = new Set(this.#ends.values());
    for (const end of after) if (!before.has(end)) this.#of(end).push({ from: at, to: Number.POSITIVE_INFINITY });
    const gone = [...before].filter((end) => !after.has(end));
    for (const end of gone) {
      const last = this.#of(end).at(-1);
      if (last) last.to = at;
    }
    return gone;
  }

  /** When each stay of an endpoint began and ended, as it was reported. */
  of(end: string): readonly Life[] {
    return this.#of(end);
  }

  #of(end: string): Life[] {
    const lives = this.#lives.get(end) ?? [];
    this.#lives.set(end, lives);
    return lives;
  }
}
