/** `berth repair --all`, as a firewall's hook runs it: every network, every plugin of its list, at any time. */
import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../support/command.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { attachTo, berth, listOf } from "../../support/listed.ts";
import { built, can, linkKind, namespaces, needs, nftables } from "../../support/needs.ts";

const iptables = can("root and iptables", "iptables", "-t", "filter", "-S");
const need = needs(namespaces, built, nftables, iptables, linkKind("ifb"));

const LIMITS = { ingressRate: 8_000_000, ingressBurst: 80_000, egressRate: 16_000_000, egressBurst: 160_000 };
const chained = [
  { type: "portmap", capabilities: { portMappings: true } },
  { type: "firewall" },
  { type: "tuning" },
  { type: "bandwidth", ...LIMITS },
];
const ports = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] };

const repair = (lab: Lab, ...args: string[]) => berth(lab, "repair", "--cache-dir", lab.dir, ...args);

/** All that is in the kernel, without what counts and numbers. */
const rules = (lab: Lab) => [
  ...lab
    .sh(lab.host, "nft", "list", "ruleset")
    .replace(/counter packets \d+ bytes \d+|since: [\d.]+/g, "")
    .split("\n")
    .sort(),
  ...lab
    .sh(lab.host, "tc", "qdisc")
    .replace(/refcnt \d+/g, "")
    .split("\n")
    .sort(),
];

const flush = (lab: Lab) => lab.sh(lab.host, "nft", "flush", "ruleset");

need(
  "puts back what a flush took of two networks' lists: masquerading, ports, firewall, and what shapes the link",
  inLab((lab) => {
    attachTo(lab, listOf(lab, "one", "10.71.0.0/24", {}, ...chained), { id: "a", capabilityArgs: ports });
    attachTo(lab, listOf(lab, "two", "10.72.0.0/24"), { id: "b" });
    attachTo(lab, listOf(lab, "none", "10.73.0.0/24", { ipMasq: false }), { id: "c" });
    const before = rules(lab);
    expect(repair(lab, "--all").stdout).toBe(
      "none c eth0: its network asks for no rules\none a eth0: complete\ntwo b eth0: complete\n",
    );
    flush(lab);
    lab.sh(lab.host, "tc", "qdisc", "del", "dev", bwp(lab), "root");
    const { status, stdout } = repair(lab, "--all");
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /one a eth0: put back \(table ip berth is missing.*; table ip berth-portmap is missing.*; iptables.*; the qdisc of bwp/,
    );
    expect(stdout).toContain("two b eth0: put back (set masq-");
    expect(rules(lab)).toEqual(before);
    expect(repair(lab, "--all", "--quiet")).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(rules(lab)).toEqual(before);
  }),
);

const bwp = (lab: Lab): string => lab.ipj(lab.host, "link", "show", "type", "ifb").map(({ ifname }) => ifname)[0];

need(
  "may run several times at once: a rule is made once",
  inLab(async (lab) => {
    attachTo(lab, listOf(lab, "one", "10.71.0.0/24", {}, ...chained), { id: "a", capabilityArgs: ports });
    const before = rules(lab);
    flush(lab);
    const command = ["ip", "netns", "exec", lab.host, join(lab.bin, "berth"), "repair", "-a", "--cache-dir", lab.dir];
    const all = Array.from({ length: 6 }, () => Bun.spawn(command, { stdout: "ignore", stderr: "pipe" }));
    expect(await Promise.all(all.map((one) => one.exited))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(rules(lab)).toEqual(before);
  }),
);

need(
  "reads and changes iptables' table of each family once, of however many attachments, and names each that it cannot mend",
  inLab((lab) => {
    const isolated = [{ type: "firewall", ingressPolicy: "same-bridge" }];
    const one = listOf(lab, "one", "10.71.0.0/24", { ipMasq: false }, { type: "firewall" });
    const two = listOf(lab, "two", "10.72.0.0/24", { ipMasq: false }, ...isolated);
    for (const id of ["a", "b", "c"]) attachTo(lab, one, { id });
    for (const id of ["d", "e"]) attachTo(lab, two, { id });
    const before = rules(lab);
    flush(lab);
    const tools = join(lab.dir, "tools");
    mkdirSync(tools);
    for (const tool of ["iptables-save", "iptables-restore"]) {
      const script = `#!/bin/sh\necho ${tool} >> ${tools}/calls\nexec ${Bun.which(tool)} "$@"\n`;
      writeFileSync(join(tools, tool), script, { mode: 0o755 });
    }
    const enter = [`PATH=${tools}:${process.env.PATH}`, join(lab.bin, "berth"), "repair", "--cache-dir", lab.dir, "-a"];
    const repaired = lab.attempt(lab.host, "env", ...enter);
    expect(repaired.stdout.match(/put back \(iptables' table filter has not: -\S+/g)).toHaveLength(5);
    expect(readFileSync(join(tools, "calls"), "utf8")).toBe("iptables-save\niptables-restore\n");
    expect(rules(lab)).toEqual(before);
    flush(lab);
    writeFileSync(join(tools, "iptables-restore"), "#!/bin/sh\necho it is broken >&2\nexit 1\n");
    const failed = lab.attempt(lab.host, "env", ...enter);
    expect([failed.status, failed.stdout.match(/^\w+ \w eth0: failed: .*it is broken$/gm)?.length]).toEqual([1, 5]);
  }),
);

need(
  "says what failed, also when it is to be quiet, and goes on with the others",
  inLab((lab) => {
    const list = listOf(lab, "one", "10.71.0.0/24");
    attachTo(lab, list, { id: "a" });
    attachTo(lab, list, { id: "b" });
    const file = join(lab.dir, "results", "one-a-eth0");
    const cached = JSON.parse(readFileSync(file, "utf8"));
    const config = { cniVersion: "1.0.0", name: "one", plugins: [{ ...list.plugins[0], vlan: 9999 }] };
    writeFileSync(file, JSON.stringify({ ...cached, config: Buffer.from(JSON.stringify(config)).toString("base64") }));
    flush(lab);
    expect(repair(lab, "one", "--quiet")).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/^a eth0: failed: .*9999.*\n$/),
    });
    const outcomes = JSON.parse(repair(lab, "one", "-o", "json").stdout).attachments as Json[];
    expect(outcomes.map(({ owner, outcome }) => [owner.containerId, outcome])).toEqual([
      ["a", "failed"],
      ["b", "complete"],
    ]);
  }),
);

need(
  "wants to know which network",
  inLab((lab) => {
    for (const args of [[], ["one", "--all"], ["one", "-o", "yaml"]]) {
      expect([args, repair(lab, ...args).status]).toEqual([args, 2]);
    }
  }),
);
