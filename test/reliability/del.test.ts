/** DEL always finishes: user-pain.md rows 11, 16 and 17. What test/plugin/bridge/del.test.ts has is not repeated here. */
import { describe, expect } from "bun:test";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../support/cni-error.ts";
import type { Conf } from "../support/conf.ts";
import { executables } from "../support/executables.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, namespaces, needs, nftables } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";

const test = needs(namespaces, nftables, built);

const network = (lab: Lab, over: object = {}): Conf => lab.conf({ ipMasq: true, ipam: DUAL_STACK, ...over });
const host = (lab: Lab, ...cmd: string[]) => lab.sh(lab.host, ...cmd);

/** [what has become of the attachment, how, the keys of the configuration that DEL is called with] */
const FATES: readonly (readonly [string, (lab: Lab, ns: string) => unknown, object?])[] = [
  ["nothing", () => {}],
  ["a prevResult that is no result", () => {}, { prevResult: { cniVersion: "1.0.0", ips: "garbage", interfaces: 7 } }],
  [
    "a prevResult of another container",
    () => {},
    { prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.9.9.9/24" }] } },
  ],
  ["another subnet", () => {}, { ipam: { ...DUAL_STACK, ranges: [[{ subnet: "10.99.0.0/24" }]] } }],
  ["no ranges any more", () => {}, { ipam: { type: "host-local" } }],
  ["ranges that are none", () => {}, { ipam: { ...DUAL_STACK, ranges: [[{ subnet: "hello" }]] } }],
  ["ipMasq switched off", () => {}, { ipMasq: false }],
  ["a deleted bridge", (lab) => host(lab, "ip", "link", "del", "lab0")],
  ["flushed rules", (lab) => host(lab, "nft", "flush", "ruleset")],
  ["a deleted set's rule", (lab) => host(lab, "nft", "flush", "chain", "ip", "berth", "postrouting")],
  ["a deleted dataDir", (lab) => rmSync(lab.store, { recursive: true })],
  ["a deleted index", (lab) => rmSync("/run/berth/index", { recursive: true, force: true }) ?? lab],
  ["a renamed interface in the container", (lab, ns) => lab.sh(ns, "ip", "link", "set", "eth0", "name", "net9")],
  ["a container interface moved to the host", (lab, ns) => lab.sh(ns, "ip", "link", "set", "eth0", "netns", lab.host)],
  ["a deleted host interface", (lab) => host(lab, "ip", "link", "del", lab.ports()[0] as string)],
];

const elements = (lab: Lab) => lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? []);
const veths = (lab: Lab) => lab.ipj(lab.host, "link", "show", "type", "veth").map(({ ifname }) => ifname);

describe("DEL finishes and leaves nothing", () => {
  test.each(FATES)("with %s", async (_, fate, over = {}) => {
    await inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns, conf: network(lab) });
      fate(lab, ns);
      for (const attempt of ["first", "repeated"]) {
        const { status, stdout } = lab.call("bridge", "DEL", { ns, conf: network(lab, over) });
        expect({ attempt, status, stdout }).toEqual({ attempt, status: 0, stdout: "" });
      }
      expect([lab.leases(), veths(lab), elements(lab)]).toEqual([{}, [], []]);
      expect(lab.ipj(ns, "link").map(({ ifname }) => ifname)).toEqual(["lo"]);
    })();
  });

  test(
    "before any ADD, and five times over",
    inLab((lab) => {
      for (let i = 0; i < 5; i++)
        expect(lab.call("bridge", "DEL", { ns: lab.container() })).toMatchObject({ status: 0, stdout: "" });
    }),
  );
});

test(
  "DEL without its IPAM executable fails after all else is done, and succeeds when that is back",
  inLab((lab) => {
    using path = executables();
    const there = join(path.dir, "host-local");
    symlinkSync(join(lab.bin, "host-local"), there);
    const ns = lab.container();
    const options = { ns, conf: network(lab), path: path.dir };
    lab.add(options);
    rmSync(there);
    cniError(lab.call("bridge", "DEL", options), "host-local");
    expect([veths(lab), lab.ipj(ns, "link").length]).toEqual([[], 1]);
    symlinkSync(join(lab.bin, "host-local"), there);
    lab.del(options);
    expect([lab.leases(), elements(lab)]).toEqual([{}, []]);
  }),
);
