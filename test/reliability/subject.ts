/** Kills and errors at every system call of one plugin that is no bridge: what each of them needs is a subject. */
import { join } from "node:path";
import { environment, netnsPath } from "../support/conf.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { afterStart } from "./errors.ts";
import { injected, logIn, type SystemCall, straceAll, straceInjecting, systemCalls } from "./system-calls.ts";
import { newTally, note, sample, type Tally } from "./tally.ts";

/** A plugin, and how to see what it leaves. */
export interface Subject {
  readonly plugin: string;
  /** It runs other programs: errors are its own then, as one of those may take an error for the end of its input. */
  readonly runsOthers?: true;
  /** Makes what a call needs, in a laboratory with the plugins in `lab.bin`. */
  open(lab: Lab): Place;
}

/** Where the plugin is called for one attachment, `id` in the namespace `ns`. */
export interface Place {
  readonly id: string;
  readonly ns: string;
  /** What stands on stdin. */
  readonly conf: object;
  /** Brings to its former value what no DEL is to put back; before each ADD. */
  prepare?(): void;
  /** What there is that was not before the first ADD, or is not any more. */
  remains(): string[];
  /** The same for what only an ADD that fails has to take back. */
  remainsOfFailed?(): string[];
}

export interface Troubling {
  readonly bin: string;
  readonly verb: "ADD" | "DEL";
  /** For strace: "signal=KILL", "error=EIO". */
  readonly trouble: string;
  /** Only every `step`th system call. */
  readonly step: number;
  /** All later system calls of the same name meet it, too. */
  readonly lasting?: boolean;
}

type Verb = "ADD" | "CHECK" | "DEL";

/**
 * Makes the trouble at every system call of one `verb` in turn. An ADD that fails, was not killed and met the trouble once must
 * have taken everything back, one that succeeds must pass CHECK; then one DEL must leave nothing, and ADD and DEL work again.
 */
export function trouble(subject: Subject, options: Troubling): Tally {
  const tally = newTally();
  let site = openSite(subject, options.bin);
  try {
    const all = callsOf(site, options.verb);
    const open = options.trouble.startsWith("error=") ? afterStart(all) : all;
    // As in errors.ts: a kernel always closes, and who waits for the end of a pipe waits for ever.
    const spared = options.trouble.startsWith("error=") && (options.lasting || subject.runsOthers);
    const wanted = open.filter(({ name }) => !spared || name !== "close");
    for (const at of sample(wanted, options.step)) {
      const wrong = trial(site, options, at);
      if (wrong) note(tally, `${options.verb} ${options.trouble} at ${at.line.slice(0, 100)}`, wrong);
      else tally.missed++;
      if (!wrong?.length) continue;
      site.lab.close();
      site = openSite(subject, options.bin);
    }
    return tally;
  } finally {
    site.lab.close();
  }
}

interface Site {
  readonly lab: Lab;
  readonly place: Place;
  readonly runsOthers: boolean;
  call(verb: Verb, by?: readonly string[], over?: object): { status: number; json: unknown };
}

const ALONE = ["/usr/bin/setsid", "--wait", "/usr/bin/timeout", "--signal=KILL", "20", "/usr/bin/nsenter"];

function openSite({ plugin, open, runsOthers }: Subject, bin: string): Site {
  const lab = openLab({ bin });
  const place = open(lab);
  const { id, ns, conf } = place;
  return {
    lab,
    place,
    runsOthers: runsOthers === true,
    call(verb, by = [], over = {}) {
      const command = [...ALONE, `--net=${netnsPath(lab.host)}`, ...by, join(bin, plugin)];
      const stdin = Buffer.from(JSON.stringify({ ...conf, ...over }));
      const { exitCode, stdout } = Bun.spawnSync(command, { stdin, env: environment(verb, bin, { id, ns }) });
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

function callsOf({ lab, place, call }: Site, verb: Troubling["verb"]): SystemCall[] {
  const log = logIn(lab.dir);
  place.prepare?.();
  if (verb === "DEL") call("ADD");
  if (call(verb, straceAll(log)).status !== 0) throw new Error(`${verb} fails by itself`);
  call("DEL");
  return systemCalls(log);
}

/** What is wrong; undefined when the system call did not occur this time. */
function trial({ lab, place, call, runsOthers }: Site, { verb, trouble, lasting }: Troubling, at: SystemCall) {
  const log = logIn(lab.dir);
  place.prepare?.();
  if (verb === "DEL") call("ADD");
  const [strace = "", ...words] = straceInjecting(log, at, trouble, lasting);
  const detaching = runsOthers && trouble.startsWith("error=") ? ["--detach-on=execve"] : [];
  const { status, json } = call(verb, [strace, ...detaching, ...words]);
  if (injected(log).length === 0) return undefined;
  const wrong: string[] = [];
  const saying = (when: string) => (what: string) => `${when}: ${what}`;
  if (verb === "ADD" && status === 0) {
    if (json && call("CHECK", [], { prevResult: json }).status !== 0) wrong.push("success, but CHECK fails");
  } else if (verb === "ADD" && trouble !== "signal=KILL" && !lasting) {
    const left = [...place.remains(), ...(place.remainsOfFailed?.() ?? [])];
    wrong.push(...left.map(saying("right after")));
  }
  for (const again of ["DEL", "ADD", "DEL"] as const) {
    if (again === "ADD") place.prepare?.();
    if (call(again).status !== 0) wrong.push(`${again} afterwards fails`);
    if (again === "DEL") wrong.push(...place.remains().map(saying("after DEL")));
  }
  return wrong;
}
