/** UDP clients that keep their port: what conntrack remembers of them must go with the mappings. */
import { expect } from "bun:test";
import { farHost, UPLINK } from "../../support/far-host.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, can, namespaces, needs, nftables } from "../../support/needs.ts";
import { attach, type Mapping, portmapConf } from "../../support/port-net.ts";

const conntrack = can("root and /proc/net/nf_conntrack", "cat", "/proc/net/nf_conntrack");
const need = needs(namespaces, built, nftables, conntrack);

const dns = (hostIP?: string): Mapping => ({
  hostPort: 5353,
  containerPort: 53,
  protocol: "udp",
  ...(hostIP && { hostIP }),
});

/** From the far host, of one port each: "192.0.2.1 4001". */
function send(lab: Lab, ns: string, ...ends: string[]): void {
  for (const end of ends) {
    const [host = "", from = ""] = end.split(" ");
    const port = end.endsWith("foreign") ? 53 : 5353;
    const family = host.includes(":") ? "UDP6" : "UDP4";
    lab.sh(ns, process.execPath, "-e", SENDER, host, from, `${port}`, family);
  }
}

const SENDER = `
  const [host, from, port, family] = process.argv.slice(1);
  const socket = require("node:dgram").createSocket(family === "UDP6" ? "udp6" : "udp4");
  socket.bind(Number(from), () => socket.send("?", Number(port), host, () => setTimeout(() => process.exit(0), 20)));`;

/** Source ports of the flows that conntrack has to the port, each with where its answers come from. */
function flows(lab: Lab): Record<string, string> {
  const lines = lab.sh(lab.host, "cat", "/proc/net/nf_conntrack").split("\n");
  const found = lines.flatMap((line) => {
    const [from] = /sport=(40\d\d)/.exec(line)?.slice(1) ?? [];
    const sources = [...line.matchAll(/src=(\S+)/g)].map((match) => match[1]);
    return from ? [[from, sources[1] ?? ""] as const] : [];
  });
  return Object.fromEntries(found);
}

need(
  "an ADD forgets what went elsewhere by its port and address only, a DEL what went to its container",
  inLab((lab) => {
    const { ns } = farHost(lab);
    const [one, two] = [attach(lab, "one"), attach(lab, "two")];
    const callOf = (who: typeof one, mapping: Mapping) => ({
      id: who.id,
      ns: who.ns,
      conf: portmapConf(who, [mapping]),
    });
    send(lab, ns, `${UPLINK.v4} 4001`, `${UPLINK.second} 4002`, `${UPLINK.v6} 4006`);
    expect(flows(lab)).toMatchObject({ 4001: UPLINK.v4, 4002: UPLINK.second });
    lab.add(callOf(one, dns(UPLINK.v4)));
    expect(Object.keys(flows(lab))).toEqual(["4002", "4006"]);
    send(lab, ns, `${UPLINK.v4} 4001`);
    expect(flows(lab)).toMatchObject({ 4001: one.v4, 4002: UPLINK.second });
    // On all addresses: but the one on which another has the port keeps its flows.
    lab.add(callOf(two, dns()));
    expect(flows(lab)).toEqual({ 4001: one.v4 });
    send(lab, ns, `${UPLINK.second} 4002`, `${UPLINK.v6} 4006`);
    expect(flows(lab)).toMatchObject({ 4001: one.v4, 4002: two.v4, 4006: "fd77:0000:0000:0000:0000:0000:0000:0003" });
    lab.del(callOf(one, dns(UPLINK.v4)));
    expect(Object.keys(flows(lab))).toEqual(["4002", "4006"]);
    lab.del({ id: "two", conf: { ...callOf(two, dns()).conf, runtimeConfig: {}, prevResult: undefined } });
    expect(flows(lab)).toEqual({});
  }),
);

need(
  "what goes to a container under a condition goes on when another has the port under none",
  inLab((lab) => {
    const { ns } = farHost(lab);
    const [one, two] = [attach(lab, "one"), attach(lab, "two")];
    const callOf = (who: typeof one, over: object) => ({
      id: who.id,
      ns: who.ns,
      conf: portmapConf(who, [dns()], over),
    });
    send(lab, ns, `${UPLINK.second} 4002`);
    lab.add(callOf(one, { conditionsV4: [`ip daddr ${UPLINK.v4}`] }));
    expect(Object.keys(flows(lab))).toEqual([]);
    send(lab, ns, `${UPLINK.v4} 4001`, `${UPLINK.second} 4002`);
    expect(flows(lab)).toEqual({ 4001: one.v4, 4002: UPLINK.second });
    lab.add(callOf(two, {}));
    expect(flows(lab)).toEqual({ 4001: one.v4 });
    lab.del(callOf(one, {}));
    expect(flows(lab)).toEqual({});
  }),
);

need(
  "what containers ask elsewhere on the same port is not forgotten",
  inLab((lab) => {
    farHost(lab);
    const one = attach(lab, "one");
    send(lab, one.ns, "192.0.2.2 4003");
    expect(Object.keys(flows(lab))).toEqual(["4003"]);
    const call = { id: "one", ns: one.ns, conf: portmapConf(one, [dns()]) };
    lab.add(call);
    const { status, stderr } = lab.call("portmap", "DEL", { ...call, env: { BERTH_TRACE: "1" } });
    expect(Object.keys(flows(lab))).toEqual(["4003"]);
    // A dump of conntrack takes milliseconds, however few flows there are: one for each family.
    expect([status, stderr.match(/ > netfilter type 257 /g)?.length]).toEqual([0, 2]);
  }),
);

need(
  "however many UDP ports there are, conntrack is read once for each family",
  inLab((lab) => {
    const { ns } = farHost(lab);
    const one = attach(lab, "one");
    const others = [dns(), ...Array.from({ length: 20 }, (_, i) => ({ ...dns(), hostPort: 6000 + i }))];
    const call = { id: "one", ns: one.ns, conf: portmapConf(one, others), env: { BERTH_TRACE: "1" } };
    const dumps = (verb: "ADD" | "DEL") => {
      const { status, stderr } = lab.call("portmap", verb, call);
      return [status, stderr.match(/ > netfilter type 257 /g)?.length ?? 0];
    };
    send(lab, ns, `${UPLINK.v4} 4001`, `${UPLINK.v6} 4006`);
    expect(Object.keys(flows(lab))).toEqual(["4001", "4006"]);
    expect([dumps("ADD"), Object.keys(flows(lab))]).toEqual([[0, 2], []]);
    send(lab, ns, `${UPLINK.v4} 4001`, `${UPLINK.v6} 4006`);
    expect(flows(lab)).toMatchObject({ 4001: one.v4 });
    expect([dumps("DEL"), Object.keys(flows(lab))]).toEqual([[0, 2], []]);
  }),
);
