import { describe, expect } from "bun:test";
import { cniError } from "../support/cni-error.ts";
import type { CallOptions } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, namespaces, needs } from "../support/needs.ts";
import { DUAL_STACK, poolOfOne } from "../support/pools.ts";
import { snapshot } from "../support/snapshot.ts";

const need = needs(namespaces, built);

const ADDED_ROUTE = (route: object) => ({ ...DUAL_STACK, routes: [...DUAL_STACK.routes, route] });

interface Failure {
  conf: (lab: Lab) => Record<string, unknown>;
  /** What is in the way, made before. */
  prepare?: (lab: Lab, ns: string) => unknown;
  call?: CallOptions;
  words: string[];
}

const FAILURES: Record<string, Failure> = {
  "an exhausted pool": { conf: () => ({ ipam: poolOfOne(2) }), words: ["no IP addresses available", "10.77.0.2"] },
  "a pool of which only IPv6 is exhausted": {
    conf: () => ({ ipam: { ...DUAL_STACK, ranges: [DUAL_STACK.ranges[0], poolOfOne(2).ranges[1]] } }),
    words: ["no IP addresses available", "fd77::2"],
  },
  "a gateway outside of the subnet": {
    conf: () => ({ ipam: { ...DUAL_STACK, ranges: [[{ subnet: "10.77.0.0/24", gateway: "10.66.0.1" }]] } }),
    words: ["10.66.0.1"],
  },
  "a default route to a gateway of the other family": {
    conf: () => ({
      isDefaultGateway: true,
      ipam: { ...DUAL_STACK, ranges: [[{ subnet: "10.77.0.0/24", gateway: "fd77::1" }]] },
    }),
    words: ["0.0.0.0/0 via fd77::1", "family"],
  },
  "a route through an unreachable gateway": {
    conf: () => ({ ipam: ADDED_ROUTE({ dst: "192.0.2.0/24", gw: "10.66.0.9" }) }),
    words: ["192.0.2.0/24", "10.66.0.9"],
  },
  "the same route twice": { conf: () => ({ ipam: ADDED_ROUTE({ dst: "0.0.0.0/0" }) }), words: ["0.0.0.0/0"] },
  "an interface of that name in the container": {
    conf: () => ({}),
    prepare: (lab, ns) => lab.sh(ns, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0"),
    words: ["eth0", "already exists"],
  },
  "lo as the interface's name": { conf: () => ({}), call: { ifname: "lo" }, words: ["lo", "already exists"] },
  "a wanted address that is taken": {
    conf: () => ({ runtimeConfig: { ips: ["10.77.0.2"] } }),
    words: ["10.77.0.2", "not available"],
  },
  "a wanted address outside of all ranges": {
    conf: () => ({ runtimeConfig: { ips: ["10.66.0.2"] } }),
    words: ["10.66.0.2"],
  },
  "a bridge with another address": {
    conf: () => ({ bridge: "lab7" }),
    prepare: (lab) => {
      lab.sh(lab.host, "ip", "link", "add", "lab7", "up", "type", "bridge");
      lab.sh(lab.host, "ip", "addr", "add", "10.99.0.1/24", "dev", "lab7");
    },
    words: ["lab7", "10.99.0.1/24"],
  },
  "a namespace that does not exist": {
    conf: () => ({}),
    call: { ns: "/run/netns/never-was" },
    words: ["/run/netns/never-was", "does not exist"],
  },
  "an mtu that veth refuses": { conf: () => ({ mtu: 70_000 }), words: ["veth"] },
};

describe("bridge/ADD that fails", () => {
  need.each(Object.entries(FAILURES))("leaves nothing: %s", async (_, { conf, prepare, call, words }) => {
    await inLab((lab) => {
      const masqueraded = (over: object) => lab.conf({ ipMasq: true, ipam: DUAL_STACK, ...over });
      const [first, ns] = [lab.container(), lab.container()];
      // The network is in use: what its containers share is there and stays.
      lab.add({ ns: first, id: "first", conf: masqueraded({}) });
      prepare?.(lab, ns);
      const before = snapshot(lab, [first, ns], { cursor: false });
      cniError(lab.call("bridge", "ADD", { ns, conf: masqueraded(conf(lab)), ...call }), ...words);
      expect(snapshot(lab, [first, ns], { cursor: false })).toEqual(before);
    })();
  });

  need(
    "because the attachment is there already leaves that as it is",
    inLab((lab) => {
      const ns = lab.container();
      lab.add({ ns });
      const before = snapshot(lab, [ns]);
      cniError(lab.call("bridge", "ADD", { ns }), "10.77.0.2", "cid-1");
      expect(snapshot(lab, [ns])).toEqual(before);
    }),
  );

  need(
    "because the version has no form for a result without addresses takes the link back",
    inLab((lab) => {
      const ns = lab.container();
      cniError(
        lab.call("bridge", "ADD", { ns, conf: lab.conf({ cniVersion: "0.2.0", ipam: {} }) }),
        "no valid IP addresses",
      );
      expect([lab.ports(), lab.ipj(ns, "link").length]).toEqual([[], 1]);
    }),
  );
});
