/** `berth repair`: rules that a flush took come back, for live attachments only. */
import { describe, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, can, namespaces, needs, needsRoot, nftables } from "../../support/needs.ts";

const MASQ = { ipMasq: true };

/** Adds a container and keeps its result as libcni does. */
function addCached(lab: Lab, id: string, keys: Record<string, unknown> = MASQ): string {
  const ns = lab.container();
  const conf = lab.conf(keys);
  const result = lab.add({ conf, id, ns });
  const config = JSON.stringify({ cniVersion: conf.cniVersion, name: conf.name, plugins: [conf] });
  mkdirSync(join(lab.dir, "results"), { recursive: true });
  writeFileSync(
    join(lab.dir, "results", `labnet-${id}-eth0`),
    JSON.stringify({
      kind: "cniCacheV1",
      containerId: id,
      config: Buffer.from(config).toString("base64"),
      ifName: "eth0",
      networkName: "labnet",
      result,
    }),
  );
  return ns;
}

const repair = (lab: Lab) => lab.attempt(lab.host, join(lab.bin, "berth"), "repair", "labnet", "--cache-dir", lab.dir);
const rules = (lab: Lab) => lab.sh(lab.host, "nft", "list", "table", "ip", "berth");

needsRoot(
  "repair puts back after a flush what live attachments had, and nothing of the dead",
  inLab((lab) => {
    addCached(lab, "live");
    const dead = addCached(lab, "dead");
    const before = rules(lab);
    lab.sh(lab.host, "nft", "flush", "ruleset");
    lab.sh(dead, "ip", "link", "del", "eth0");
    writeFileSync(join(lab.dir, "results", "labnet-broken-eth0"), "{");
    const { status, stdout, stderr } = repair(lab);
    expect(status).toBe(0);
    expect(stdout).toContain("live eth0: put back (table ip berth is missing");
    expect(stdout).toContain("dead eth0: its interface is gone: nothing is put back");
    expect(stderr).toContain("labnet-broken-eth0 is passed over");
    expect(rules(lab)).toContain("10.77.0.2");
    expect(rules(lab)).not.toContain("10.77.0.3");
    expect(before).toContain("10.77.0.3");
  }),
);

needsRoot(
  "repair puts back the rule of a chain that was flushed, once, and then says that all is there",
  inLab((lab) => {
    addCached(lab, "live");
    const before = rules(lab);
    lab.sh(lab.host, "nft", "flush", "chain", "ip", "berth", "postrouting");
    expect(repair(lab).stdout).toContain("live eth0: put back (the rule of set");
    expect(rules(lab)).toBe(before);
    expect(repair(lab).stdout).toBe("live eth0: complete\n");
    expect(rules(lab)).toBe(before);
  }),
);

needsRoot(
  "repair says so when the cache has nothing of the network",
  inLab((lab) => {
    expect(repair(lab)).toMatchObject({ status: 0, stdout: `no attachment of "labnet" in ${lab.dir}/results\n` });
  }),
);

const needsIptables = needs(namespaces, built, nftables, can("root and iptables", "iptables", "-t", "nat", "-S"));
const SPOOF = { macspoofchk: true };
const iptables = (lab: Lab) => lab.sh(lab.host, "iptables-save", "-t", "nat").replace(/^#.*\n|\[.*\]/gm, "");
const bridgeRules = (lab: Lab) => lab.sh(lab.host, "nft", "list", "table", "bridge", "nat");

describe("repair of what iptables masquerades", () => {
  const keys = { ...MASQ, ipMasqBackend: "iptables" };

  needsIptables(
    "leaves it as it is where it is there",
    inLab((lab) => {
      addCached(lab, "live", keys);
      const before = iptables(lab);
      expect(repair(lab)).toMatchObject({ status: 0, stdout: "live eth0: complete\n" });
      expect(iptables(lab)).toBe(before);
      expect(lab.attempt(lab.host, "nft", "list", "table", "ip", "berth").status).not.toBe(0);
    }),
  );

  needsIptables(
    "puts it back after a flush, by iptables",
    inLab((lab) => {
      addCached(lab, "live", keys);
      const before = iptables(lab);
      lab.sh(lab.host, "iptables", "-t", "nat", "-F");
      lab.sh(lab.host, "iptables", "-t", "nat", "-X");
      expect(repair(lab).stdout).toContain("live eth0: put back (the rule ");
      expect(iptables(lab).split("\n").sort()).toEqual(before.split("\n").sort());
      expect(repair(lab).stdout).toBe("live eth0: complete\n");
      expect(lab.attempt(lab.host, "nft", "list", "table", "ip", "berth").status).not.toBe(0);
    }),
  );
});

describe("repair of the spoof check", () => {
  needsRoot(
    "leaves it as it is where it is there, and puts it back after a flush, with the masquerade rules",
    inLab((lab) => {
      addCached(lab, "live", { ...MASQ, ...SPOOF });
      const before = bridgeRules(lab);
      expect(repair(lab)).toMatchObject({ status: 0, stdout: "live eth0: complete\n" });
      expect(bridgeRules(lab)).toBe(before);
      lab.sh(lab.host, "nft", "flush", "ruleset");
      expect(repair(lab).stdout).toMatch(
        /^live eth0: put back \(table ip berth is missing .*; the rule for veth\w+ in/,
      );
      expect(bridgeRules(lab)).toBe(before);
      expect(rules(lab)).toContain("10.77.0.2");
    }),
  );

  needsRoot(
    "has nothing to do where no rules are asked for",
    inLab((lab) => {
      addCached(lab, "live", {});
      expect(repair(lab).stdout).toBe("live eth0: its network asks for no rules\n");
    }),
  );
});
