/** Ports of the host reach their containers, whatever FORWARD's policy and the isolation of bridges are; nothing else does. */
import { expect } from "bun:test";
import { farHost, UPLINK } from "../../support/far-host.ts";
import { firewallConf } from "../../support/firewalled.ts";
import { built, can, namespaces, needs, nftables } from "../../support/needs.ts";
import { attach, inPortLab, portmapConf, probe, serve } from "../../support/port-net.ts";

const iptables = can("root and iptables", "iptables", "-t", "filter", "-S");
const need = needs(namespaces, built, nftables, iptables);

need.each(["same-bridge", "isolated"])("with FORWARD policy DROP and %s", async (ingressPolicy) => {
  await inPortLab(async (lab) => {
    for (const tool of ["iptables", "ip6tables"]) lab.sh(lab.host, tool, "-P", "FORWARD", "DROP");
    const outside = farHost(lab);
    const [one, two, other] = [attach(lab, "one"), attach(lab, "two"), attach(lab, "other", 8)];
    for (const who of [one, two, other]) {
      const conf = firewallConf({ name: who.network, ingressPolicy }, who.prevResult);
      lab.add({ ns: who.ns, id: who.id, conf });
    }
    const mappings = [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }];
    lab.add({ ns: one.ns, id: "one", conf: portmapConf(one, mappings) });
    await serve(lab, one.ns, "one", [80], []);
    await serve(lab, outside.ns, "far", [80], []);
    const mapped = [
      ["tcp", UPLINK.v4, 8080],
      ["tcp", UPLINK.v6, 8080],
    ] as const;
    // The first packets of IPv6 may find nobody yet.
    const asked = [outside.ns, two.ns, other.ns].map((ns) => probe(ns, mapped, 4000));
    for (const answers of await Promise.all(asked)) {
      expect(answers.map((answer) => answer.split(" ")[0])).toEqual(["one", "one"]);
    }
    const direct = [
      ["tcp", one.v4, 80],
      ["tcp", one.v6, 80],
    ] as const;
    expect(await probe(other.ns, direct)).toEqual(["nothing", "nothing"]);
    expect((await probe(two.ns, [["tcp", "192.0.2.2", 80]])).map((answer) => answer.split(" ")[0])).toEqual(["far"]);
  })();
});
