/** Kills and errors at every system call of tuning. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { environment, netnsPath } from "../support/conf.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { ALL, FILTER, filterOf, guest, link, states, tuningConf, UNTUNED } from "../support/tuned.ts";
import { afterStart } from "./errors.ts";
import { injected, logIn, type SystemCall, straceAll, straceInjecting, systemCalls } from "./system-calls.ts";
import { newTally, note, sample, type Tally } from "./tally.ts";

export interface Troubling {
  readonly bin: string;
  readonly verb: "ADD" | "DEL";
  /** For strace: "signal=KILL", "error=EIO". */
  readonly trouble: string;
  /** Only every `step`th system call. */
  readonly step: number;
}

/** A container, and calls of tuning for it; `by` is a command to run them by. */
interface Place {
  readonly lab: Lab;
  readonly ns: string;
  call(verb: "ADD" | "CHECK" | "DEL", by?: readonly string[], over?: object): { status: number; json: unknown };
}

/**
 * Makes the trouble at every system call of one `verb` in turn. An ADD that fails and was not killed must have taken
 * everything back, one that succeeds must pass CHECK; then one DEL must leave nothing, and ADD and DEL work again.
 */
export function troubleTuning(options: Troubling): Tally {
  const tally = newTally();
  using lab = openLab({ bin: options.bin });
  let place = placeIn(lab, options.bin);
  const all = callsOf(place, options.verb);
  const wanted = options.trouble.startsWith("error=") ? afterStart(all) : all;
  for (const at of sample(wanted, options.step)) {
    const wrong = trial(place, options, at);
    if (wrong) note(tally, `${options.verb} ${options.trouble} at ${at.line.slice(0, 100)}`, wrong);
    else tally.missed++;
    if (wrong?.length) place = placeIn(lab, options.bin);
  }
  return tally;
}

function placeIn(lab: Lab, bin: string): Place {
  const ns = guest(lab);
  rmSync(lab.store, { recursive: true, force: true });
  const alone = ["/usr/bin/setsid", "--wait", "/usr/bin/timeout", "--signal=KILL", "20"];
  return {
    lab,
    ns,
    call(verb, by = [], over = {}) {
      const command = [...alone, "/usr/bin/nsenter", `--net=${netnsPath(lab.host)}`, ...by, join(bin, "tuning")];
      const stdin = Buffer.from(JSON.stringify(tuningConf(lab, { ...ALL, ...over })));
      const { exitCode, stdout } = Bun.spawnSync(command, { stdin, env: environment(verb, bin, { ns }) });
      return { status: exitCode ?? -1, json: parsed(stdout.toString()) };
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function callsOf(place: Place, verb: Troubling["verb"]): SystemCall[] {
  const log = logIn(place.lab.dir);
  if (verb === "DEL") place.call("ADD");
  if (place.call(verb, straceAll(log)).status !== 0) throw new Error(`${verb} fails by itself`);
  place.call("DEL");
  return systemCalls(log);
}

/** What is wrong; undefined when the system call did not occur this time. */
function trial(place: Place, { verb, trouble }: Troubling, at: SystemCall): string[] | undefined {
  const { lab, ns, call } = place;
  const log = logIn(lab.dir);
  lab.sh(ns, "sysctl", "-qw", `${FILTER.replace("IFNAME", "eth0")}=0`);
  if (verb === "DEL") call("ADD");
  const { status, json } = call(verb, straceInjecting(log, at, trouble));
  if (injected(log).length === 0) return undefined;
  const wrong: string[] = [];
  if (verb === "ADD" && status === 0) {
    if (json && call("CHECK", [], { prevResult: json }).status !== 0) wrong.push("success, but CHECK fails");
  } else if (verb === "ADD" && trouble !== "signal=KILL") {
    wrong.push(...remains(place, "right after"));
    if (filterOf(lab, ns) !== "0") wrong.push("right after: the sysctl");
  }
  for (const again of ["DEL", "ADD", "DEL"] as const) {
    if (call(again).status !== 0) wrong.push(`${again} afterwards fails`);
    if (again === "DEL") wrong.push(...remains(place, "after DEL"));
  }
  return wrong;
}

function remains({ lab, ns }: Place, when: string): string[] {
  const now = JSON.stringify(link(lab, ns));
  const files = Object.keys(states(lab)).map((name) => `${when}: ${name}`);
  return now === JSON.stringify(UNTUNED) ? files : [`${when}: ${now}`, ...files];
}
