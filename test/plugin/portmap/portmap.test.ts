/** What is in the kernel after calls of portmap, and what CHECK, GC and repair find there. */
import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../../support/cni-error.ts";
import { inLab } from "../../support/lab.ts";
import { built, can, namespaces, needs, nftables, REFERENCE, reference } from "../../support/needs.ts";
import { ruleset } from "../../support/nft.ts";
import { portMapElements } from "../../support/port-map.ts";
import { attach, portmapConf } from "../../support/port-net.ts";
import { mapped, WEB } from "./mapped.ts";

const need = needs(namespaces, built, nftables);
const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");

const NODE = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };

need(
  "ADD maps what containerd writes; DEL knows its own without anything, and a second one finds nothing",
  inLab((lab) => {
    const one = attach(lab, "one");
    const portMappings = [{ HostPort: 8080, ContainerPort: 80, Protocol: "TCP", HostIP: "" }];
    const capitalised = { ...portmapConf(one, []), runtimeConfig: { portMappings, "io.kubernetes": null } };
    const own = { id: "one", ns: one.ns, conf: capitalised };
    lab.add(own);
    expect(portMapElements(lab, "ports")).toEqual([
      "ip ports: tcp . 8080 → 10.77.0.2 . 80 (one)",
      "ip6 ports: tcp . 8080 → fd77::2 . 80 (one)",
    ]);
    expect(lab.call("portmap", "CHECK", own)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    lab.sh(lab.host, "ip", "netns", "del", one.ns);
    const bare = { cniVersion: "1.0.0", name: one.network, type: "portmap" };
    for (let i = 0; i < 2; i++) {
      expect(lab.call("portmap", "DEL", { id: "one", conf: bare })).toMatchObject({
        status: 0,
        stdout: "",
        stderr: "",
      });
      expect(mapped(lab)).toEqual([]);
    }
  }),
);

need(
  "a used port goes to the newer container, which is told, and comes back; CHECK of the older says who has it",
  inLab((lab) => {
    const [one, two] = [attach(lab, "one"), attach(lab, "two")];
    const callOf = (who: typeof one) => ({ id: who.id, ns: who.ns, conf: portmapConf(who, [WEB]) });
    lab.add(callOf(one));
    const second = lab.call("portmap", "ADD", callOf(two));
    expect(second.stderr).toContain("id: one");
    expect(portMapElements(lab, "ports")[0]).toBe("ip ports: tcp . 8080 → 10.77.0.3 . 80 (two)");
    cniError(lab.call("portmap", "CHECK", callOf(one)), "tcp . 8080", "id: two", "comes back");
    expect(lab.call("portmap", "CHECK", callOf(two)).status).toBe(0);
    lab.del(callOf(two));
    expect(lab.call("portmap", "CHECK", callOf(one)).status).toBe(0);
    lab.del(callOf(one));
    expect(mapped(lab)).toEqual([]);
  }),
);

need(
  "a dead container keeps no port from a newer one, nor gets it back",
  inLab((lab) => {
    const [dead, living] = [attach(lab, "dead"), attach(lab, "living")];
    lab.add({ id: "dead", ns: dead.ns, conf: portmapConf(dead, [WEB]) });
    lab.sh(dead.ns, "ip", "link", "del", "eth0");
    const living1 = { id: "living", ns: living.ns, conf: portmapConf(living, [WEB]) };
    expect(lab.call("portmap", "ADD", living1)).toMatchObject({ status: 0, stderr: "" });
    lab.del(living1);
    expect(portMapElements(lab, "ports", "waiting")).toEqual([]);
  }),
);

need(
  "CHECK sees what somebody removed",
  inLab((lab) => {
    const one = attach(lab, "one");
    const own = { id: "one", ns: one.ns, conf: portmapConf(one, [WEB]) };
    cniError(lab.call("portmap", "CHECK", { ...own, conf: { ...own.conf, prevResult: undefined } }), "prevResult");
    lab.add(own);
    const damages: [string, ...string[]][] = [
      ["route_localnet", "sysctl", "-qw", "net.ipv4.conf.lab7.route_localnet=0"],
      ["sources-24", "nft", "flush", "set", "ip", "berth-portmap", "sources-24"],
      ["host port", "nft", "flush", "map", "ip6", "berth-portmap", "ports"],
      ["a rule of chain output", "nft", "flush", "chain", "ip", "berth-portmap", "output"],
      ["table ip berth-portmap", "nft", "delete", "table", "ip", "berth-portmap"],
    ];
    for (const [text, ...cmd] of damages) {
      expect(lab.call("portmap", "CHECK", own)).toMatchObject({ status: 0, stdout: "", stderr: "" });
      lab.sh(lab.host, ...cmd);
      cniError(lab.call("portmap", "CHECK", own), "port mapping is broken", text);
      lab.sh(lab.host, "nft", "flush", "ruleset");
      lab.add(own);
    }
  }),
);

need(
  "GC removes what is not valid, and without a list nothing; STATUS is ready without a word",
  inLab((lab) => {
    const [one, two] = [attach(lab, "one"), attach(lab, "two")];
    lab.add({ id: "one", ns: one.ns, conf: portmapConf(one, [WEB]) });
    lab.add({ id: "two", ns: two.ns, conf: portmapConf(two, [{ ...WEB, hostPort: 81 }]) });
    const network = { cniVersion: "1.1.0", name: one.network, type: "portmap" };
    const before = mapped(lab);
    const collect = (over: object) => lab.call("portmap", "GC", { conf: { ...network, ...over }, env: NODE });
    expect(collect({})).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(mapped(lab)).toEqual(before);
    const valid = { "cni.dev/valid-attachments": [{ containerID: "two", ifname: "eth0" }] };
    expect(collect(valid)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(portMapElements(lab, "ports").map((line) => line.slice(-5))).toEqual(["(two)", "(two)"]);
    expect(collect({ "cni.dev/valid-attachments": [] }).status).toBe(0);
    expect(mapped(lab)).toEqual([]);
    expect(lab.call("portmap", "STATUS", { conf: network, env: NODE })).toMatchObject({
      status: 0,
      stdout: "",
      stderr: "",
    });
  }),
);

needs(namespaces, built, nftables, reference, iptables).each(["iptables", "nftables"])(
  "after an upgrade CHECK leaves what the reference made with %s as it is, and DEL removes it",
  async (backend) => {
    await inLab((lab) => {
      const one = attach(lab, "one");
      const own = { id: "one", ns: one.ns, conf: portmapConf(one, [WEB]) };
      lab.add({ ...own, conf: { ...own.conf, backend }, bin: REFERENCE });
      expect(lab.rulesNaming("8080")).not.toEqual([]);
      expect(lab.call("portmap", "CHECK", own).status).toBe(0);
      lab.del({ ...own, conf: { ...own.conf, runtimeConfig: {} } });
      const left = ["nft list ruleset", "iptables-save"].map((line) => lab.sh(lab.host, ...line.split(" "))).join("");
      expect([lab.rulesNaming("8080"), left.match(/CNI-DN-.*|comment "one"/g)]).toEqual([[], null]);
    })();
  },
);

need(
  "ADDs at once map all their ports, and DELs at once leave nothing",
  inLab(async (lab) => {
    const all = Array.from({ length: 12 }, (_, i) => attach(lab, `c${i}`));
    const callOf = (who: (typeof all)[number], i: number) => ({
      id: who.id,
      ns: who.ns,
      conf: portmapConf(who, [
        { ...WEB, hostPort: 8000 + i },
        { ...WEB, hostPort: 9000 + (i % 3) },
      ]),
    });
    const every = async (verb: "ADD" | "DEL") =>
      (await Promise.all(all.map((who, i) => lab.start("portmap", verb, callOf(who, i)).reply))).map((r) => r.status);
    expect(new Set(await every("ADD"))).toEqual(new Set([0]));
    expect(portMapElements(lab, "ports")).toHaveLength(2 * 15);
    expect(portMapElements(lab, "waiting")).toHaveLength(2 * 9);
    expect(lab.nftj(lab.host).filter(({ rule }) => rule?.table === "berth-portmap")).toHaveLength(5 + 2 + 4 + 1);
    expect(new Set(await every("DEL"))).toEqual(new Set([0]));
    expect(mapped(lab)).toEqual([]);
  }),
);

need(
  "an ADD that fails leaves nothing",
  inLab((lab) => {
    const one = attach(lab, "one");
    const own = { id: "one", ns: one.ns, conf: portmapConf(one, [WEB]) };
    lab.sh(lab.host, "nft", "add table ip6 berth-portmap; add set ip6 berth-portmap ports { type ipv6_addr; }");
    const before = ruleset(lab);
    cniError(lab.call("portmap", "ADD", own), "failed to map host ports to 10.77.0.2/24, fd77::2/64");
    expect(ruleset(lab)).toBe(before);
  }),
);

need(
  "1,000 ports are mapped in one transaction",
  inLab((lab) => {
    const one = attach(lab, "one");
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...WEB, hostPort: 10_000 + i }));
    const own = { id: "one", ns: one.ns, conf: portmapConf(one, many), env: { BERTH_TRACE: "1" } };
    const { status, stderr } = lab.call("portmap", "ADD", own);
    const batches = stderr.split("\n").filter((line) => / > netfilter type 16 /.test(line));
    expect([status, batches.length]).toEqual([0, 1]);
    expect(portMapElements(lab, "ports")).toHaveLength(2000);
    expect(lab.call("portmap", "CHECK", { ...own, env: {} }).status).toBe(0);
    lab.del({ ...own, env: {} });
    expect(mapped(lab)).toEqual([]);
  }),
);

need(
  "berth repair puts back what a flush took, with the ports that the runtime supplied",
  inLab((lab) => {
    const one = attach(lab, "one");
    const { runtimeConfig, prevResult, ...plain } = portmapConf(one, [WEB]);
    const own = { id: "one", ns: one.ns, conf: { ...plain, runtimeConfig, prevResult } };
    const result = lab.add(own);
    const before = ruleset(lab);
    const plugins = [{ type: "portmap", capabilities: { portMappings: true } }];
    const config = Buffer.from(JSON.stringify({ cniVersion: "1.0.0", name: one.network, plugins })).toString("base64");
    const entry = { kind: "cniCacheV1", containerId: "one", config, ifName: "eth0", networkName: one.network, result };
    mkdirSync(join(lab.dir, "results"));
    writeFileSync(
      join(lab.dir, "results", `${one.network}-one-eth0`),
      JSON.stringify({ ...entry, capabilityArgs: runtimeConfig }),
    );
    const repair = () => lab.sh(lab.host, join(lab.bin, "berth"), "repair", one.network, "--cache-dir", lab.dir);
    expect(repair()).toBe("one eth0: complete\n");
    lab.sh(lab.host, "nft", "delete", "table", "ip", "berth-portmap");
    expect(repair()).toContain("one eth0: put back (table ip berth-portmap is missing");
    expect(lab.call("portmap", "CHECK", own).status).toBe(0);
    const timeless = (text: string) =>
      text
        .replaceAll(/since: [\d.]+/g, "")
        .split("\n")
        .sort();
    expect(timeless(ruleset(lab))).toEqual(timeless(before));
  }),
);
