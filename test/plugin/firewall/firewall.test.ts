/** What firewall answers, and what is in iptables' table filter afterwards. */
import { describe, expect } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../../support/cni-error.ts";
import type { Json } from "../../support/command.ts";
import { filterRules, firewallConf, ownRules, resultOf, TWO } from "../../support/firewalled.ts";
import { inLab } from "../../support/lab.ts";
import { built, can, namespaces, needs } from "../../support/needs.ts";
import { attach, bridgeConf } from "../../support/port-net.ts";

const iptables = can("root and iptables", "iptables", "-t", "filter", "-S");
const need = needs(namespaces, built, iptables);

const NODE = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };
const ISOLATED = { ingressPolicy: "isolated" };

const REFUSED: [string, Json, number, string[]][] = [
  ["no prevResult", firewallConf({ prevResult: undefined }), 7, ["missing prevResult from earlier plugin"]],
  [
    "an unknown policy",
    firewallConf({ ingressPolicy: "closed" }),
    7,
    ['unknown ingress policy: "closed"', "same-bridge"],
  ],
  [
    "isolation without interfaces",
    firewallConf({ ...ISOLATED, prevResult: { ips: [{ address: TWO[0] }] } }),
    7,
    ['interface needs to be set for ingress policy "isolated"'],
  ],
  ["isolation without a bridge's name", firewallConf(ISOLATED, resultOf("", ...TWO)), 7, ["got empty bridge name"]],
  ["a bridge that no rule can name", firewallConf(ISOLATED, resultOf("br 0\n-F", ...TWO)), 7, ['"br 0\\n-F"']],
  ["an admin chain of 29 characters", firewallConf({ iptablesAdminChainName: "A".repeat(29) }), 7, ["28 characters"]],
  ["an admin chain with a line break", firewallConf({ iptablesAdminChainName: "A\n-F" }), 7, ['"A\\n-F"']],
  ["an admin chain with another use", firewallConf({ iptablesAdminChainName: "FORWARD" }), 7, ["another use"]],
  ["a backend that is no text", firewallConf({ backend: 5 }), 6, ["backend"]],
  ["a prevResult of another version", firewallConf({ prevResult: { cniVersion: "0.4.0" } }), 1, ["prevResult"]],
  ["version 0.3.1", firewallConf({ cniVersion: "0.3.1" }), 1, ["0.3.1"]],
];

describe("firewall refuses, and changes nothing:", () => {
  need.each(REFUSED)("%s", async (_, conf, code, texts) => {
    await inLab((lab) => {
      expect(cniError(lab.call("firewall", "ADD", { ns: lab.container(), conf }), ...texts).code).toBe(code);
      expect(lab.sh(lab.host, "nft", "list", "tables")).toBe("");
      expect(lab.call("firewall", "DEL", { conf })).toMatchObject(code === 1 && conf.cniVersion ? {} : { status: 0 });
    })();
  });
});

need(
  "16 first ADDs at once make each shared part once, and their DELs without prevResult leave nothing of theirs",
  inLab(async (lab) => {
    const ns = lab.container();
    const calls = Array.from({ length: 16 }, (_, i) => {
      const conf = firewallConf(
        { ...ISOLATED, name: `net${i % 4}` },
        resultOf("br0", `10.1.2.${i + 2}/24`, `fd00::${i + 2}/64`),
      );
      return { ns, id: `c${i}`, conf };
    });
    const all = (verb: "ADD" | "DEL", over: object = {}) =>
      Promise.all(
        calls.map(({ conf, ...call }) => lab.start("firewall", verb, { ...call, conf: { ...conf, ...over } }).reply),
      );
    expect((await all("ADD")).map(({ status }) => status)).toEqual(calls.map(() => 0));
    const lines = filterRules(lab);
    for (const line of new Set(lines)) {
      // What both families have.
      expect([line, lines.filter((other) => other === line).length]).toEqual([line, /[:.]\d+\/\d/.test(line) ? 1 : 2]);
    }
    expect(ownRules(lines).filter((line) => line.includes("CNI-FORWARD"))).toHaveLength(64);
    expect((await all("DEL", { prevResult: undefined })).map(({ status }) => status)).toEqual(calls.map(() => 0));
    expect(ownRules(filterRules(lab))).toEqual([]);
  }),
);

need(
  "the rules of a bridge go with its last attachment; a repeated ADD, or one with another address, leaves one",
  inLab((lab) => {
    const ns = lab.container();
    const one = { ns, id: "one", conf: firewallConf({ ingressPolicy: "same-bridge" }) };
    const two = { ns, id: "two", conf: firewallConf(ISOLATED, resultOf("br0", "10.1.2.4/24")) };
    lab.add({ ...one, conf: { ...one.conf, prevResult: resultOf("br0", "10.1.2.9/24", "fd00::9/64") } });
    lab.add(one);
    const alone = filterRules(lab);
    expect(alone.filter((line) => line.includes("10.1.2.9") || line.includes("fd00::9"))).toEqual([]);
    lab.add(one);
    expect(filterRules(lab)).toEqual(alone);
    lab.add(two);
    lab.del(one);
    const bridges = ownRules(filterRules(lab)).filter((line) => line.includes("-o br0"));
    expect(bridges.map((line) => line.replace(/ -m .*-j/, ""))).toEqual([
      "-A CNI-ISOLATION-STAGE-1 -i br0 -o br0 DROP",
      "-A CNI-ISOLATION-STAGE-1 -i br0 ! -o br0 CNI-ISOLATION-STAGE-2",
      "-A CNI-ISOLATION-STAGE-1 -i br0 ! -o br0 CNI-ISOLATION-STAGE-2",
      "-A CNI-ISOLATION-STAGE-2 -o br0 DROP",
    ]);
    lab.del({ id: "two", conf: { cniVersion: "1.0.0", name: "net", type: "firewall" } });
    expect(ownRules(filterRules(lab))).toEqual([]);
  }),
);

need(
  "CHECK sees what is missing and changes nothing; GC removes what is not valid, and nothing without a list",
  inLab((lab) => {
    const ns = lab.container();
    const over = { ...ISOLATED, cniVersion: "1.1.0", iptablesAdminChainName: "MINE" };
    const one = { ns, id: "one", conf: firewallConf(over) };
    const two = { ns, id: "two", conf: firewallConf(over, resultOf("br1", "10.1.3.3/24")) };
    lab.add(one);
    const alone = ownRules(filterRules(lab));
    lab.add(two);
    const both = filterRules(lab);
    const damages = [
      ["-D", "FORWARD", "1"],
      ["-D", "FORWARD", "2"],
      ["-D", "CNI-ISOLATION-STAGE-2", "1"],
      ["-D", "CNI-PUBLISHED", "1"],
      ["-D", "CNI-FORWARD", "3"],
      ["-F", "CNI-FORWARD"],
    ];
    for (const damage of damages) {
      lab.sh(lab.host, "iptables", ...damage);
      const damaged = filterRules(lab);
      const broken = [one, two].filter((call) => lab.call("firewall", "CHECK", call).status !== 0);
      expect(broken.length).toBeGreaterThan(0);
      for (const call of broken)
        cniError(lab.call("firewall", "CHECK", call), "the firewall is broken", "berth repair net");
      expect(filterRules(lab)).toEqual(damaged);
      for (const call of [one, two]) lab.add(call);
      expect(filterRules(lab).sort()).toEqual([...both].sort());
    }
    const valid = { "cni.dev/valid-attachments": [{ containerID: "one", ifname: "eth0" }] };
    const gc = (conf: object) =>
      expect(lab.call("firewall", "GC", { conf: { ...firewallConf(over), ...conf }, env: NODE })).toMatchObject({
        status: 0,
        stdout: "",
      });
    gc({});
    gc({ ...valid, name: "other" });
    expect(filterRules(lab).sort()).toEqual([...both].sort());
    gc(valid);
    expect(ownRules(filterRules(lab)).sort()).toEqual([...alone].sort());
  }),
);

need(
  "STATUS is silent where all is well, and DEL needs no iptables where nothing is",
  inLab((lab) => {
    const empty = { PATH: "/nowhere" };
    expect(lab.call("firewall", "STATUS", { conf: firewallConf({ cniVersion: "1.1.0" }), env: NODE })).toMatchObject({
      status: 0,
      stdout: "",
    });
    expect(lab.call("firewall", "DEL", { conf: firewallConf(), env: empty })).toMatchObject({ status: 0, stdout: "" });
  }),
);

need(
  "berth repair puts back what a flush took",
  inLab((lab) => {
    const one = attach(lab, "one");
    const conf = firewallConf({ name: one.network, ...ISOLATED }, one.prevResult);
    lab.add({ ns: one.ns, id: "one", conf });
    const before = filterRules(lab);
    const { prevResult: result, name, cniVersion, ...plugin } = conf;
    const config = Buffer.from(JSON.stringify({ cniVersion, name, plugins: [bridgeConf(lab), plugin] }));
    const cached = {
      kind: "cniCacheV1",
      containerId: "one",
      config: config.toString("base64"),
      ifName: "eth0",
      networkName: name,
      result,
    };
    mkdirSync(join(lab.dir, "results"));
    writeFileSync(join(lab.dir, `results/${name}-one-eth0`), JSON.stringify(cached));
    const repair = () => lab.sh(lab.host, join(lab.bin, "berth"), "repair", name, "--cache-dir", lab.dir);
    expect(repair()).toBe("one eth0: complete\n");
    for (const tool of ["iptables", "ip6tables"]) lab.sh(lab.host, tool, "-F");
    expect(repair()).toContain("one eth0: put back (iptables' table filter has not: ");
    expect(filterRules(lab)).toEqual(before);
  }),
);

const LEGACY = can("the old iptables", "iptables-legacy", "-t", "filter", "-S");

needs(
  namespaces,
  built,
  LEGACY,
)(
  "the rules of the old iptables are found, whatever the machine's iptables is by then",
  inLab((lab) => {
    const ns = lab.container();
    const bin = join(lab.dir, "legacy");
    mkdirSync(bin);
    for (const tool of ["iptables", "ip6tables"]) {
      for (const verb of ["", "-save", "-restore"])
        symlinkSync(`/usr/sbin/${tool}-legacy${verb}`, join(bin, `${tool}${verb}`));
    }
    const legacy = ["iptables-legacy-save", "ip6tables-legacy-save"];
    const env = { PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin` };
    lab.add({ ns, conf: firewallConf(ISOLATED), env });
    expect(lab.call("firewall", "CHECK", { ns, conf: firewallConf(ISOLATED), env })).toMatchObject({
      status: 0,
      stdout: "",
    });
    expect(ownRules(filterRules(lab, legacy))).toHaveLength(14);
    lab.del({ conf: firewallConf({ prevResult: undefined }) });
    expect(ownRules(filterRules(lab, legacy))).toEqual([]);
  }),
);
