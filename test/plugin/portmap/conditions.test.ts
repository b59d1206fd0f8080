/** Conditions in nft's words: who gets through, beside the reference's nftables backend, and what is refused. */
import { expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import { cniError } from "../../support/cni-error.ts";
import { farHost, UPLINK } from "../../support/far-host.ts";
import { inLab, type Lab, openLab } from "../../support/lab.ts";
import { built, namespaces, needs, nftables, REFERENCE, reference } from "../../support/needs.ts";
import { ruleset } from "../../support/nft.ts";
import { portMapElements } from "../../support/port-map.ts";
import {
  type Attached,
  attach,
  endServers,
  inPortLab,
  type Mapping,
  portmapConf,
  probe,
  serve,
} from "../../support/port-net.ts";
import type { Probe } from "../../support/port-probe.ts";

const need = needs(namespaces, built, nftables);
const beside = needs(namespaces, built, nftables, reference);

const WEB: Mapping = { hostPort: 8080, containerPort: 80, protocol: "tcp" };
const DNS: Mapping = { hostPort: 8080, containerPort: 53, protocol: "udp" };

/** Words one by one, or several in one, as both take them. */
const CONDITIONS: [v4: string[], v6: string[]][] = [
  [["iifname", UPLINK.device], ['iifname != "up*"']],
  [
    ["ip saddr 192.0.2.0/24", "tcp dport", "!= 9"],
    ["ip6 daddr != { fd77::1 }", "ip6", "saddr", "2001:db8::/64"],
  ],
  [
    ["ip", "daddr", "{", `${UPLINK.second},`, "127.0.0.0/8", "}", "ip saddr != { 10.0.0.0-10.255.255.255, 192.0.2.9 }"],
    ["meta l4proto udp"],
  ],
];

const PROBES: Probe[] = [
  ...[UPLINK.v4, UPLINK.second, UPLINK.v6, "fd77::1", "127.0.0.1"].map((address): Probe => ["tcp", address, 8080]),
  ["udp", UPLINK.v4, 8080],
  ["udp", UPLINK.v6, 8080],
];

/** From where what is reached under each condition. */
async function reached(lab: Lab, bin: string): Promise<string[][]> {
  const outside = farHost(lab);
  const target = attach(lab, "target");
  const near = attach(lab, "near");
  await serve(lab, target.ns, "target", [80], [53]);
  // It takes seconds until the bridge forwards IPv6 and its own address is not tentative.
  for (const address of [near.v6, "fd77::1"]) {
    for (let left = 50; !answers(lab, target.ns, address, 100); left--) expect(left).toBeGreaterThan(0);
  }
  const places = { host: lab.host, outside: outside.ns, near: near.ns };
  const rows: string[][] = [];
  for (const [conditionsV4, conditionsV6] of CONDITIONS) {
    const over = { backend: "nftables", conditionsV4, conditionsV6 };
    const call = { ns: target.ns, id: target.id, bin, conf: portmapConf(target, [WEB, DNS], over) };
    lab.add(call);
    const found = await Promise.all(
      Object.entries(places).map(async ([place, ns]) => {
        const all = await probe(ns, PROBES, 500);
        return PROBES.flatMap((one, i) => (all[i]?.startsWith("target") ? [`${place}: ${one.join(" ")}`] : []));
      }),
    );
    rows.push(found.flat());
    lab.del(call);
  }
  endServers(lab);
  return rows;
}

beside("who gets through under a condition is as with the reference's nftables backend", async () => {
  const side = async (bin?: string) => {
    using lab = openLab();
    return await reached(lab, bin ?? lab.bin);
  };
  const [ours, theirs] = await Promise.all([side(), side(REFERENCE)]);
  expect(ours).toEqual(theirs);
  for (const row of ours) expect([row.length > 0, row.length < 21]).toEqual([true, true]);
  expect(new Set(ours.map((row) => row.join())).size).toBe(CONDITIONS.length);
});

need(
  "of several containers each has its own condition, and one without a condition what is left",
  inPortLab(async (lab) => {
    const outside = farHost(lab);
    const whos = ["one", "two", "all"].map((id) => attach(lab, id));
    await Promise.all(whos.map((who) => serve(lab, who.ns, who.id, [80], [])));
    const conditions = [["ip saddr 192.0.2.2"], ["ip daddr 127.0.0.1"], []];
    const calls = whos.map((who, i) => {
      const conf = portmapConf(who, [{ ...WEB, hostIP: "0.0.0.0" }], { conditionsV4: conditions[i] });
      return { id: who.id, ns: who.ns, conf };
    });
    for (const call of calls) lab.add(call);
    const asked = async (ns: string, address: string) => (await probe(ns, [["tcp", address, 8080]]))[0]?.split(" ")[0];
    const all = () =>
      Promise.all([asked(outside.ns, UPLINK.v4), asked(lab.host, "127.0.0.1"), asked(lab.host, UPLINK.v4)]);
    expect(await all()).toEqual(["one", "two", "all"]);
    for (const call of calls) expect(lab.call("portmap", "CHECK", call)).toMatchObject({ status: 0, stderr: "" });
    const [one] = whos as [Attached];
    const bare = { cniVersion: "1.1.0", name: one.network, type: "portmap" };
    // Neither the conditions nor the ports are known to a DEL.
    lab.del({ id: one.id, conf: bare });
    expect(await all()).toEqual(["all", "two", "all"]);
    const gc = { ...bare, "cni.dev/valid-attachments": [{ containerID: "all", ifname: "eth0" }] };
    expect(lab.call("portmap", "GC", { conf: gc, env: NODE })).toMatchObject({ status: 0, stderr: "" });
    expect(await all()).toEqual(["all", "all", "all"]);
    expect(ruleset(lab)).not.toContain("hostports-");
    lab.del({ id: "all", conf: bare });
    expect(portMapElements(lab, "ports", "waiting", "holders")).toEqual([]);
  }),
);

const NODE = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };

need(
  "what is not understood is refused by key and word, and nothing is done",
  inLab((lab) => {
    const one = attach(lab, "one");
    const before = ruleset(lab);
    const refused: [object, ...string[]][] = [
      [{ conditionsV4: ["ct", "state", "new"] }, 'conditionsV4: "ct state"', "ip saddr", "iifname", "iptables"],
      [{ conditionsV4: ["ip saddr", "localhost"] }, 'conditionsV4: "localhost"', "an IPv4 address"],
      [{ conditionsV6: ["ip saddr 10.0.0.1"] }, 'conditionsV6: "ip saddr"', "ip6 saddr"],
      [{ conditionsV4: ["tcp dport"] }, 'conditionsV4: "dport" is followed by nothing', "a port"],
      [{ conditionsV6: ["", "-d", "fd00::1"] }, 'conditionsV6: "-d fd00::1"'],
    ];
    for (const [over, ...texts] of refused) {
      const own = { id: "one", ns: one.ns, conf: portmapConf(one, [WEB], over) };
      expect(cniError(lab.call("portmap", "ADD", own), ...texts).code).toBe(7);
      expect(ruleset(lab)).toBe(before);
      expect(lab.call("portmap", "DEL", own)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    }
  }),
);
