/** Signals at every system call of a plugin, and what one DEL afterwards does not take away. */
import type { Verb } from "../support/conf.ts";
import { type Bench, type BenchOptions, LIVE, openBench } from "./bench.ts";
import { logIn, type SystemCall, straceAll, straceInjecting, systemCalls, wasReached } from "./system-calls.ts";
import { newTally, note, sample, type Tally } from "./tally.ts";

export interface Killing extends BenchOptions {
  readonly verb: "ADD" | "DEL" | "GC";
  readonly signal: "KILL" | "TERM" | "INT";
  /** Only every `step`th system call. */
  readonly step: number;
}

/** What a runtime that calls GC says is still attached: all but the probe. */
const VALID = { "cni.dev/valid-attachments": [{ containerID: LIVE, ifname: "eth0" }] };
const overOf = (verb: Verb) => (verb === "GC" ? VALID : {});

/** Calls `verb` once for every system call that it makes, with the signal there. */
export function kill(options: Killing): Tally {
  const { verb, signal, step } = options;
  const tally = newTally();
  let bench = openBench(options);
  try {
    const calls = callsOf(bench, verb);
    for (const at of sample(calls, step)) {
      const where = `${verb} SIG${signal} at ${at.name}#${at.nth} ${at.line.slice(0, 100)}`;
      const wrong = trial(bench, options, at, `k${at.at}`);
      if (wrong === "missed") tally.missed++;
      else note(tally, where, wrong);
      if (wrong === "missed" || wrong.length > 0) {
        bench[Symbol.dispose]();
        bench = openBench(options);
      }
    }
    return tally;
  } finally {
    bench[Symbol.dispose]();
  }
}

/** The system calls of one undisturbed call of `verb`; the probe is not attached before and after. */
export function callsOf(bench: Bench, verb: Killing["verb"]): SystemCall[] {
  const log = logIn(bench.lab.dir);
  if (verb !== "ADD") expectDone(bench, "ADD", "probe");
  const reply = bench.call(verb, "probe", { by: straceAll(log), conf: overOf(verb) });
  if (reply.status !== 0) throw new Error(`${verb}: ${reply.stdout}${reply.stderr}`);
  expectDone(bench, "DEL", "probe");
  return systemCalls(log);
}

function expectDone(bench: Bench, verb: Verb, id: string): void {
  const { status, stdout, stderr } = bench.call(verb, id);
  if (status !== 0) throw new Error(`${verb} of ${id}: exit ${status}: ${stdout}${stderr}`);
}

/** What is wrong after one disturbed call, an undisturbed DEL, and another ADD and DEL. */
function trial(bench: Bench, { verb, signal }: Killing, at: SystemCall, id: string): string[] | "missed" {
  const log = logIn(bench.lab.dir);
  if (verb !== "ADD") expectDone(bench, "ADD", id);
  const reply = bench.call(verb, id, { by: straceInjecting(log, at, `signal=${signal}`), conf: overOf(verb) });
  if (!wasReached(log)) return "missed";
  const wrong: string[] = [];
  // A signal that can be caught is an order to leave nothing, without anybody's DEL; too late, it is none.
  if (verb === "ADD" && signal !== "KILL") {
    if (reply.status !== 0) wrong.push(...bench.remains().map((line) => `right after: ${line}`));
    if (reply.status > 0 && typeof reply.json?.code !== "number") wrong.push(`exit ${reply.status} and no CNI error`);
  }
  return [...wrong, ...afterwards(bench, id)];
}

/** One DEL must leave nothing, and then the container can be attached and detached again. */
export function afterwards(bench: Bench, id: string): string[] {
  const wrong: string[] = [];
  for (const verb of ["DEL", "ADD", "DEL"] as const) {
    const { status, stdout } = bench.call(verb, id);
    if (status !== 0) wrong.push(`${verb} afterwards: exit ${status} ${stdout.slice(0, 200)}`);
    if (verb === "DEL") wrong.push(...bench.remains());
  }
  return wrong;
}
