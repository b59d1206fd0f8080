/** What STATUS says of a machine that no test machine is. */
import { describe, expect, test } from "bun:test";
import { EOPNOTSUPP } from "../../../../src/base/errno.ts";
import { Explained } from "../../../../src/base/explained.ts";
import type { Machine } from "../../../../src/features/machine.ts";
import { NetlinkError } from "../../../../src/netlink/error.ts";
import { add } from "../../../../src/plugins/bridge/add.ts";
import { status } from "../../../../src/plugins/bridge/status.ts";
import { executables } from "../../../support/executables.ts";
import { type Cues, fakeHost } from "../../../support/fakehost.ts";
import { fakePlugin, ONE_ADDRESS } from "../../../support/plugin-fake.ts";
import { refusal } from "../../../support/refusal.ts";
import { bridgeCall } from "./call.ts";

/** A machine without nf_tables. */
function plainHost(cues: Cues = {}): Machine {
  const host = fakeHost(cues);
  const failure = new NetlinkError("nft list table ip filter", EOPNOTSUPP);
  return { ...host, nft: { ...host.nft, failure: () => failure } };
}

const ipam = fakePlugin({ name: "ipam", ADD: () => ({ result: ONE_ADDRESS }), STATUS: () => {} });
const MASQUERADED = { ipMasq: true, ipam: { type: "ipam" } };

function withIpam<T>(fn: (path: string) => T): T {
  using path = executables();
  path.self("ipam");
  return fn(path.dir);
}
const ask = (conf: Record<string, unknown>, host = plainHost()) =>
  withIpam((path) => {
    const delegates = [ipam];
    status(bridgeCall({ verb: "STATUS", conf, env: { CNI_PATH: path }, delegates }), host);
  });

describe("status() without nf_tables", () => {
  test.each([
    ["ipMasq", MASQUERADED],
    ["macspoofchk", { macspoofchk: true }],
  ])("says 50 where %s needs it", (key, conf) => {
    const { code, message, details } = refusal(() => ask(conf));
    expect([code, details]).toEqual([50, "modprobe nf_tables (CONFIG_NF_TABLES)"]);
    expect(message).toStartWith(`${key} needs nf_tables, which the kernel does not have: `);
    expect(() => ask(conf, fakeHost())).not.toThrow();
  });

  test.each([
    ["another backend", { ...MASQUERADED, ipMasqBackend: "iptables" }],
    ["no addresses", { ipMasq: true }],
    ["nothing to masquerade", { ipam: { type: "ipam" } }],
  ])("is ready with %s", (_, conf) => {
    expect(() => ask(conf)).not.toThrow();
  });
});

describe("status() where the kernel has no nf_tables, and iptables masquerades in its place", () => {
  const iptablesHost = (works: boolean): Machine => {
    const host = plainHost();
    const assertWorks = () => {
      if (!works) throw new Explained("there is no iptables-restore", "");
    };
    const iptables = { ...host.iptables, assertWorks };
    return { ...host, iptables, nft: { ...host.nft, isLacking: () => true } };
  };

  test("is ready if it can", () => {
    expect(() => ask(MASQUERADED, iptablesHost(true))).not.toThrow();
  });

  test("says 50 if it cannot, or something else is asked for", () => {
    const { code, message, details } = refusal(() => ask(MASQUERADED, iptablesHost(false)));
    expect([code, message]).toEqual([50, expect.stringContaining("there is no iptables-restore")]);
    expect(details).toContain("install an iptables");
    for (const conf of [{ ...MASQUERADED, ipMasqBackend: "nftables" }, { macspoofchk: true }]) {
      expect(refusal(() => ask(conf, iptablesHost(true))).details).toBe("modprobe nf_tables (CONFIG_NF_TABLES)");
    }
  });
});

test("add() without nf_tables says the same of masquerading", () => {
  const host = plainHost({ refuses: (effect) => (effect.startsWith("masquerade add") ? EOPNOTSUPP : undefined) });
  const { message, details } = withIpam((path) => {
    const delegates = [ipam];
    return refusal(() => add(bridgeCall({ conf: MASQUERADED, env: { CNI_PATH: path }, delegates }), host));
  });
  expect(message).toMatch(/^failed to masquerade [\d./]+: masquerade add net\/c1\/eth0: operation not supported$/);
  expect(details).toBe("modprobe nf_tables (CONFIG_NF_TABLES)");
});

test("status() has IPAM show what it would give, and rehearses that", () => {
  const sets = [[{ subnet: { ip: new Uint8Array(16).fill(0xfd, 0, 1), length: 64 }, gateway: new Uint8Array(16) }]];
  const showing = fakePlugin({ name: "ipam", STATUS: (call) => call.vet?.({ sets, routes: [] }) });
  const asked = (conf: Record<string, unknown>) =>
    withIpam((path) => {
      const delegates = [showing];
      const all = { ipam: { type: "ipam" }, ...conf };
      status(bridgeCall({ verb: "STATUS", conf: all, env: { CNI_PATH: path }, delegates }), fakeHost());
    });
  expect(() => asked({})).not.toThrow();
  expect(refusal(() => asked({ mtu: 1000 })).message).toContain("mtu 1000");
});
