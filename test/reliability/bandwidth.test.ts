/** Kills and errors at a part of bandwidth's system calls, another one every time, and what one DEL does not take away. */
import { expect } from "bun:test";
import { join } from "node:path";
import { environment, netnsPath } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, linkKind, namespaces, needs } from "../support/needs.ts";
import { guest, LIMITS, shaping, shapingConf, UNSHAPED } from "../support/shaped.ts";
import { afterStart } from "./errors.ts";
import { injected, logIn, strace, straceAll, straceInjecting, systemCalls } from "./system-calls.ts";
import { sample } from "./tally.ts";

/** Calls bandwidth, run by strace. */
function callBy(lab: Lab, by: readonly string[], verb: "ADD" | "DEL", ns: string): number | null {
  const words = ["/usr/bin/timeout", "-s", "KILL", "20", "/usr/bin/nsenter", `--net=${netnsPath(lab.host)}`, ...by];
  const stdin = Buffer.from(JSON.stringify(shapingConf(LIMITS)));
  return Bun.spawnSync([...words, join(lab.bin, "bandwidth")], { stdin, env: environment(verb, lab.bin, { ns }) })
    .exitCode;
}

const CASES = [
  ["ADD", "signal=KILL", 10],
  ["ADD", "signal=TERM", 10],
  ["ADD", "error=ENOMEM", 8],
  ["DEL", "signal=KILL", 12],
  ["DEL", "error=EIO", 6],
] as const;

needs(namespaces, linkKind("veth"), linkKind("ifb"), built, strace).each(CASES)(
  "%s of bandwidth with %s leaves nothing after one DEL",
  async (verb, trouble, step) => {
    await inLab((lab) => {
      const ns = guest(lab);
      const log = logIn(lab.dir);
      const plain = (one: "ADD" | "DEL") => callBy(lab, [], one, ns);
      /** The host's end goes with the container: here only its qdiscs do. */
      const clear = () =>
        void lab.attempt(lab.host, "sh", "-c", "tc qdisc del dev vport0 root; tc qdisc del dev vport0 ingress");
      if (verb === "DEL") plain("ADD");
      callBy(lab, straceAll(log), verb, ns);
      plain("DEL");
      clear();
      const all = systemCalls(log);
      const wrong: string[] = [];
      let tried = 0;
      for (const at of sample(trouble.startsWith("error=") ? afterStart(all) : all, step)) {
        if (verb === "DEL") plain("ADD");
        const status = callBy(lab, straceInjecting(log, at, trouble), verb, ns);
        if (injected(log).length > 0) tried++;
        // What fails, and was not killed, leaves nothing by itself.
        const byItself = verb === "ADD" && status !== 0 && trouble !== "signal=KILL";
        if (byItself && JSON.stringify(shaping(lab)) !== JSON.stringify(UNSHAPED))
          wrong.push(`right after: ${at.line}`);
        if (plain("DEL") !== 0 || shaping(lab).ifbs.length > 0) wrong.push(at.line);
        clear();
        if (plain("ADD") !== 0) wrong.push(`ADD after ${at.line}`);
        plain("DEL");
        clear();
      }
      expect(wrong).toEqual([]);
      expect(tried).toBeGreaterThan(1);
    })();
  },
  120_000,
);
