import { describe, expect } from "bun:test";
import { inLab } from "../support/lab.ts";
import { built, namespaces, needs } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";
import { efforts, strace, systemCalls } from "../support/traced.ts";

const need = needs(namespaces, built, strace);

describe("bridge with host-local from the same executable", () => {
  need.each(["ADD", "CHECK", "DEL"] as const)("%s is one process, with no exec and no sleep", async (verb) => {
    await inLab((lab) => {
      const conf = lab.conf({ ipMasq: true, ipam: DUAL_STACK });
      const ns = lab.container();
      // The network is in use: the bridge is there.
      lab.add({ ns: lab.container(), id: "first", conf });
      const prevResult = verb === "ADD" ? undefined : lab.add({ ns, conf });
      const calls = systemCalls(lab, "bridge", verb, { ns, conf: { ...conf, ...(prevResult && { prevResult }) } });
      expect(calls.length).toBeGreaterThan(50);
      expect(efforts(calls)).toEqual({ execs: 1, forks: 0, sleeps: 0 });
    })();
  });
});
