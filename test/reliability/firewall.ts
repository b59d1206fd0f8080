/** Kills and errors at every system call of firewall and of the iptables that it runs. */
import { join } from "node:path";
import { environment, netnsPath } from "../support/conf.ts";
import { filterRules, firewallConf, resultOf } from "../support/firewalled.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { afterStart } from "./errors.ts";
import { injected, logIn, type SystemCall, straceAll, straceInjecting, systemCalls } from "./system-calls.ts";
import { newTally, note, sample, type Tally } from "./tally.ts";
import type { Troubling } from "./tuning.ts";

const ISOLATED = { ingressPolicy: "isolated", backend: "iptables" };

/** What another container on the same bridge has, and calls of firewall for one that comes and goes; `by` is a command to run them by. */
interface Place {
  readonly lab: Lab;
  readonly usual: readonly string[];
  call(verb: "ADD" | "CHECK" | "DEL", by?: readonly string[]): { status: number; stdout: string };
}

/**
 * Makes the trouble at every system call of one `verb` in turn. An ADD that fails and was not killed must have taken
 * everything back, one that succeeds must pass CHECK, a DEL that succeeds must have left nothing; then one DEL must leave
 * nothing, and ADD and DEL work again.
 */
export function troubleFirewall(options: Troubling): Tally {
  const tally = newTally();
  let place = placeIn(options.bin);
  try {
    const all = callsOf(place, options.verb);
    // A close(2) that strace lets fail closes nothing, and who waits for the end of a pipe waits for ever.
    const wanted = options.trouble.startsWith("error=") ? afterStart(all).filter(({ name }) => name !== "close") : all;
    for (const at of sample(wanted, options.step)) {
      const wrong = trial(place, options, at);
      if (wrong) note(tally, `${options.verb} ${options.trouble} at ${at.line.slice(0, 100)}`, wrong);
      else tally.missed++;
      if (!wrong?.length) continue;
      place.lab.close();
      place = placeIn(options.bin);
    }
    return tally;
  } finally {
    place.lab.close();
  }
}

function placeIn(bin: string): Place {
  const lab = openLab({ bin });
  const ns = lab.container();
  const alone = ["/usr/bin/setsid", "--wait", "/usr/bin/timeout", "--signal=KILL", "20"];
  const call: Place["call"] = (verb, by = []) => {
    const command = [...alone, "/usr/bin/nsenter", `--net=${netnsPath(lab.host)}`, ...by, join(bin, "firewall")];
    const stdin = Buffer.from(JSON.stringify(firewallConf(ISOLATED, resultOf("br0", "10.1.2.3/24"))));
    const { exitCode, stdout } = Bun.spawnSync(command, { stdin, env: environment(verb, bin, { ns }) });
    return { status: exitCode ?? -1, stdout: stdout.toString() };
  };
  lab.add({ ns, id: "live", conf: firewallConf(ISOLATED, resultOf("br0", "10.1.2.9/24")) });
  return { lab, usual: filterRules(lab, ["iptables-save"]), call };
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
  const log = logIn(place.lab.dir);
  if (verb === "DEL") place.call("ADD");
  const { status, stdout } = place.call(verb, injecting(log, at, trouble));
  if (injected(log).length === 0) return undefined;
  const wrong: string[] = [];
  if (verb === "ADD" && status === 0) {
    if (place.call("CHECK").status !== 0) wrong.push("success, but CHECK fails");
  } else if (verb === "ADD" ? trouble !== "signal=KILL" : status === 0) {
    wrong.push(...remains(place, `right after ${stdout.replaceAll("\n", "")}`));
  }
  for (const again of ["DEL", "ADD", "DEL"] as const) {
    const reply = place.call(again);
    if (reply.status !== 0) wrong.push(`${again} afterwards fails: ${reply.stdout}`);
    if (again === "DEL") wrong.push(...remains(place, "after DEL"));
  }
  return wrong;
}

/** Errors are the plugin's own: iptables takes one that its input has for the input's end. */
function injecting(log: string, at: SystemCall, trouble: string): string[] {
  const [strace = "", ...words] = straceInjecting(log, at, trouble);
  return trouble.startsWith("error=") ? [strace, "--detach-on=execve", ...words] : [strace, ...words];
}

function remains({ lab, usual }: Place, when: string): string[] {
  const now = filterRules(lab, ["iptables-save"]);
  if (JSON.stringify(now) === JSON.stringify(usual)) return [];
  const more = now.filter((line, i) => !usual.includes(line) || now.indexOf(line) !== i);
  return [...more, ...usual.filter((line) => !now.includes(line)).map((line) => `not ${line}`)].map(
    (line) => `${when}: ${line}`,
  );
}
