/** 127.0.0.1 and ::1: what containers and strangers must not reach by it, and what the host must. */
import { expect } from "bun:test";
import { farHost } from "../../support/far-host.ts";
import { built, namespaces, needs, nftables } from "../../support/needs.ts";
import { attach, inPortLab, portmapConf, probe, serve } from "../../support/port-net.ts";

const need = needs(namespaces, built, nftables);
const WEB = { hostPort: 8080, containerPort: 80, protocol: "tcp" };

need(
  "with route_localnet neither a container nor a stranger reaches what listens on the host's 127.0.0.1 alone",
  inPortLab(async (lab) => {
    const { ns } = farHost(lab);
    const [one, two] = [attach(lab, "one"), attach(lab, "two")];
    await serve(lab, lab.host, "host", [631], []);
    for (const [from, gateway] of [
      [two.ns, "10.77.0.1"],
      [ns, "192.0.2.1"],
    ] as const) {
      lab.sh(from, "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1", "net.ipv4.conf.all.rp_filter=0");
      lab.sh(from, "ip", "addr", "flush", "dev", "lo");
      lab.sh(from, "ip", "route", "add", "127.0.0.1", "via", gateway);
    }
    lab.add({ id: "one", ns: one.ns, conf: portmapConf(one, [WEB]) });
    const asked = [["tcp", "127.0.0.1", 631] as const];
    expect(await Promise.all([two.ns, ns].map((from) => probe(from, asked)))).toEqual([["nothing"], ["nothing"]]);
    lab.sh(lab.host, "nft", "flush", "chain", "ip", "berth-portmap", "localnet");
    expect(await probe(two.ns, asked)).toEqual(["host 10.77.0.3"]);
  }),
);

need(
  "[::1] is not translated: it is refused at once, or answered by what listens there",
  inPortLab(async (lab) => {
    const one = attach(lab, "one");
    await serve(lab, one.ns, "one", [80], []);
    const onLoopback = { ...WEB, hostPort: 8081, hostIP: "::1" };
    const call = { id: "one", ns: one.ns, conf: portmapConf(one, [WEB, onLoopback]) };
    expect(lab.call("portmap", "ADD", call).stderr).toMatch(/^port 8081 is not mapped on ::1: /);
    const asked = [["tcp", "::1", 8080] as const, ["tcp", "::1", 8081] as const];
    expect(await probe(lab.host, asked)).toEqual(["refused", "refused"]);
    await serve(lab, lab.host, "host", [8080], []);
    expect(await probe(lab.host, [...asked, ["tcp", "127.0.0.1", 8080]])).toEqual([
      "host ::1",
      "refused",
      "one 10.77.0.1",
    ]);
  }),
);

need(
  "rules that others have at dstnat go first",
  inPortLab(async (lab) => {
    const { ns } = farHost(lab);
    const [one, two] = [attach(lab, "one"), attach(lab, "two")];
    await Promise.all([serve(lab, one.ns, "one", [80], []), serve(lab, two.ns, "two", [80], [])]);
    lab.add({ id: "one", ns: one.ns, conf: portmapConf(one, [WEB]) });
    const rule = `tcp dport 8080 dnat to ${two.v4}:80`;
    lab.sh(lab.host, "nft", `table ip mine { chain pre { type nat hook prerouting priority dstnat; ${rule}; }; }`);
    expect(await probe(ns, [["tcp", "192.0.2.1", 8080]])).toEqual(["two 192.0.2.2"]);
  }),
);
