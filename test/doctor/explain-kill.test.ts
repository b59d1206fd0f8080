/** An explain that is killed leaves no table, no interface and no rule: the kernel takes them away with its sockets. */
import { expect } from "bun:test";
import { join } from "node:path";
import { logIn, strace, straceAll, straceInjecting, systemCalls } from "../reliability/system-calls.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";
import { addMember, addUplink } from "./explain-net.ts";

/** How many places of each run. */
const KILLS = 6;

const argv = (lab: Lab, args: readonly string[]) => [
  join(lab.bin, "berth"),
  ...["explain", "web-1", "--cache-dir", lab.dir, "--conf-dir", join(lab.dir, "net.d")],
  ...args,
];

for (const args of [[], ["--port", "8080"]]) {
  needs(
    namespaces,
    nftables,
    built,
    strace,
  )(
    `explain ${args.join(" ")} leaves nothing wherever it is killed`,
    inLab((lab) => {
      addUplink(lab);
      const ns = lab.container();
      addMember(lab, { id: "web-1", ns, ports: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] });
      const log = logIn(lab.dir);
      const state = () => [
        lab.sh(lab.host, "nft", "list", "ruleset"),
        lab.sh(lab.host, "ip", "-br", "addr"),
        lab.sh(ns, "nft", "list", "ruleset"),
      ];
      const before = state();
      const whole = lab.attempt(lab.host, ...straceAll(log), ...argv(lab, args));
      expect(whole.stdout).toContain(" passed prerouting, ");
      expect(whole.status).toBe(args.length > 0 ? 1 : 0);
      const calls = systemCalls(log);
      // From where its first table is made on.
      const made = calls.findIndex(({ line }) => /NFT_MSG_NEWTABLE|TUNSETIFF/.test(line));
      expect(made).toBeGreaterThan(0);
      const places = calls.slice(made);
      let killed = 0;
      for (let i = 0; i < KILLS; i++) {
        const place = places[Math.floor((i * places.length) / KILLS)] ?? expect.unreachable();
        const { status } = lab.attempt(lab.host, ...straceInjecting(log, place, "signal=KILL"), ...argv(lab, args));
        if (status !== 0 && status !== 1) killed++;
        expect(state()).toEqual(before);
      }
      expect(killed).toBeGreaterThan(KILLS / 2);
    }),
  );
}
