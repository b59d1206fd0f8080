/** One kind of trouble at each system call of a plugin in turn. */
import type { Verb } from "../support/conf.ts";
import { type Bench, type BenchOptions, LIVE, openBench, type Traces } from "./bench.ts";
import { injected, logIn, type SystemCall, straceAll, straceInjecting, systemCalls } from "./system-calls.ts";
import { newTally, note, sample, type Tally } from "./tally.ts";

export interface Campaign extends BenchOptions {
  readonly verb: "ADD" | "DEL" | "GC";
  /** Only every `step`th system call. */
  readonly step: number;
  /** Each ADD is the first on its machine: there is no bridge yet, no lease directory, no table. */
  readonly cold?: boolean;
  /** The trouble lasts: all later system calls of the same name meet it, too. */
  readonly lasting?: boolean;
}

/** What the disturbed call answered, and what else a trial may look at. */
export interface Disturbed {
  readonly id: string;
  readonly reply: ReturnType<Bench["call"]>;
  /** The system calls that failed, or the signal. */
  readonly met: readonly string[];
  readonly bench: Bench;
}

/**
 * Makes `trouble` (for strace: `signal=KILL`, `error=EIO`) happen at every one of the `wanted` system calls, each in a
 * call of its own. `judge` says what is wrong right after; then one DEL must leave nothing, and ADD and DEL work again.
 */
export function campaign(
  options: Campaign,
  trouble: string,
  wanted: (calls: SystemCall[]) => SystemCall[],
  judge: (disturbed: Disturbed) => string[],
): Tally {
  const tally = newTally();
  const usual = options.cold ? usualTraces(options) : undefined;
  let bench = openBench(options, usual);
  const renew = () => {
    bench[Symbol.dispose]();
    bench = openBench(options, usual);
  };
  try {
    const calls = callsOf(bench, options.verb);
    for (const at of sample(wanted(calls), options.step)) {
      if (options.cold) renew();
      const wrong = trial(bench, options, trouble, at, judge);
      if (wrong) note(tally, `${options.verb} ${trouble} at ${at.name}#${at.nth} ${at.line.slice(0, 100)}`, wrong);
      else tally.missed++;
      if (!wrong || wrong.length > 0) renew();
    }
    return tally;
  } finally {
    bench[Symbol.dispose]();
  }
}

/** What an attachment that has come and gone leaves on a fresh machine: the bridge, and what others may use already. */
function usualTraces(options: Campaign): Traces {
  using bench = openBench(options, []);
  for (const verb of ["ADD", "DEL"] as const) expectDone(bench, verb, "probe");
  return bench.remains(true);
}

/** What a runtime that calls GC says is still attached: all but the probe. */
const VALID = { "cni.dev/valid-attachments": [{ containerID: LIVE, ifname: "eth0" }] };
const overOf = (verb: Verb) => (verb === "GC" ? VALID : {});

/** The system calls of one undisturbed call of `verb`. */
function callsOf(bench: Bench, verb: Campaign["verb"]): SystemCall[] {
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

/** What is wrong; undefined when the system call did not occur this time. */
function trial(
  bench: Bench,
  { verb, lasting }: Campaign,
  trouble: string,
  at: SystemCall,
  judge: (disturbed: Disturbed) => string[],
): string[] | undefined {
  const log = logIn(bench.lab.dir);
  const id = `k${at.at}`;
  if (verb !== "ADD") expectDone(bench, "ADD", id);
  const reply = bench.call(verb, id, { by: straceInjecting(log, at, trouble, lasting), conf: overOf(verb) });
  const met = injected(log);
  if (met.length === 0) return undefined;
  const wrong = [...judge({ id, reply, met, bench }), ...afterwards(bench, id)];
  // At once: a test that runs into its time limit would not come to telling.
  if (wrong.length > 0) console.error(JSON.stringify({ verb, trouble, at, met, reply, wrong }));
  return wrong;
}

/** An ADD that says that all is well is taken at its word. */
export function falseSuccess({ id, reply, bench }: Disturbed): string[] {
  if (!Array.isArray(reply.json?.ips)) return [`no result: ${reply.stdout.slice(0, 200)}`];
  const { status, stdout } = bench.call("CHECK", id, { conf: { prevResult: reply.json } });
  return status === 0 ? [] : [`success, but CHECK says ${stdout.slice(0, 300)}`];
}

/** One DEL must leave nothing, and then the container can be attached and detached again. */
function afterwards(bench: Bench, id: string): string[] {
  const wrong: string[] = [];
  let added = false;
  for (const verb of ["DEL", "ADD", "DEL"] as const) {
    const { status, stdout } = bench.call(verb, id);
    if (status !== 0) wrong.push(`${verb} afterwards: exit ${status} ${stdout.slice(0, 200)}`);
    if (verb === "DEL") wrong.push(...bench.remains(added));
    added ||= verb === "ADD";
  }
  return wrong;
}
