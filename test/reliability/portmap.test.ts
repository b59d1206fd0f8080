/** Kills and errors at a part of portmap's system calls, another one every time, and what one DEL does not take away. */
import { expect } from "bun:test";
import { join } from "node:path";
import { environment, netnsPath } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";
import { ruleset } from "../support/nft.ts";
import { type Attached, attach, portmapConf } from "../support/port-net.ts";
import { injected, logIn, strace, straceAll, straceInjecting, systemCalls } from "./system-calls.ts";
import { sample } from "./tally.ts";

const TCP = { hostPort: 8080, containerPort: 80, protocol: "tcp" };
const UDP = { hostPort: 8053, containerPort: 53, protocol: "udp" };

/** The first and last mapping under one makes and removes all that it has. */
const CONDITION = { conditionsV4: ["ip saddr { 192.0.2.0/24, 10.9.9.9 }"], conditionsV6: ["tcp dport != 9"] };

/** Calls portmap, run by strace. */
function callBy(lab: Lab, by: readonly string[], verb: "ADD" | "DEL", who: Attached, over: object) {
  const words = ["/usr/bin/timeout", "-s", "KILL", "20", "/usr/bin/nsenter", `--net=${netnsPath(lab.host)}`, ...by];
  // The port of another, which waits meanwhile.
  const stdin = Buffer.from(JSON.stringify(portmapConf(who, [TCP, UDP], over)));
  const env = environment(verb, lab.bin, { id: who.id, ns: who.ns });
  const { exitCode, stdout } = Bun.spawnSync([...words, join(lab.bin, "portmap")], { stdin, env });
  return { status: exitCode, stdout: stdout.toString() };
}

const CASES = [
  ["ADD", "signal=KILL", 12, {}],
  ["DEL", "signal=KILL", 16, {}],
  ["ADD", "signal=TERM", 16, {}],
  ["ADD", "error=ENOMEM", 12, {}],
  ["DEL", "error=EIO", 16, {}],
  ["ADD", "signal=KILL", 16, CONDITION],
  ["DEL", "signal=KILL", 16, CONDITION],
  ["DEL", "error=ENOMEM", 24, CONDITION],
] as const;

needs(namespaces, nftables, built, strace).each(CASES)(
  "%s with %s leaves nothing after one DEL, and the other's port as it was (at one call of %d, %j)",
  async (verb, trouble, step, over) => {
    await inLab((lab) => {
      const [live, probe] = [attach(lab, "live"), attach(lab, "probe")];
      lab.add({ ns: live.ns, id: live.id, conf: portmapConf(live, [TCP]) });
      const log = logIn(lab.dir);
      const plain = (one: "ADD" | "DEL") => callBy(lab, [], one, probe, over);
      plain("ADD");
      plain("DEL");
      const before = ruleset(lab);
      if (verb === "DEL") plain("ADD");
      callBy(lab, straceAll(log), verb, probe, over);
      plain("DEL");
      const wrong: string[] = [];
      let tried = 0;
      const isOpen = ({ name }: { name: string }) =>
        !trouble.startsWith("error") || !/^(exit|mmap|munmap|brk|arch|set_|rt_)/.test(name);
      for (const at of sample(systemCalls(log).filter(isOpen), step)) {
        if (verb === "DEL") plain("ADD");
        const { status } = callBy(lab, straceInjecting(log, at, trouble), verb, probe, over);
        if (injected(log).length > 0) tried++;
        // An order to end that comes in time leaves nothing by itself.
        if (trouble === "signal=TERM" && status !== 0 && ruleset(lab) !== before) wrong.push(`right after: ${at.line}`);
        const del = plain("DEL");
        if (del.status !== 0 || ruleset(lab) !== before) wrong.push(`${at.line}: ${del.stdout}`);
      }
      expect(wrong).toEqual([]);
      expect(tried).toBeGreaterThan(1);
    })();
  },
  120_000,
);
