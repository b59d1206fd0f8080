import { describe, expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import type { CallOptions } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, can, namespaces, needs } from "../../support/needs.ts";
import { DUAL_STACK, poolOfOne } from "../../support/pools.ts";
import { snapshot } from "../../support/snapshot.ts";

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
  "a gateway of the other family": {
    conf: () => ({ ipam: { ...DUAL_STACK, ranges: [[{ subnet: "10.77.0.0/24", gateway: "fd77::1" }]] } }),
    words: ["gateway fd77::1 not in network 10.77.0.0/24"],
  },
  "a route through an unreachable gateway": {
    conf: () => ({ ipam: ADDED_ROUTE({ dst: "192.0.2.0/24", gw: "10.66.0.9" }) }),
    words: ["192.0.2.0/24 via 10.66.0.9 dev eth0", "10.66.0.9 must be", "(10.77.0.0/24, fd77::/64)"],
  },
  "a route through an unreachable gateway of IPv6": {
    conf: () => ({ ipam: ADDED_ROUTE({ dst: "2001:db8::/32", gw: "fd66::9" }) }),
    words: ["2001:db8::/32 via fd66::9 dev eth0", "fd66::9 must be", "(10.77.0.0/24, fd77::/64)"],
  },
  "a route through the subnet's broadcast address": {
    conf: () => ({ ipam: ADDED_ROUTE({ dst: "192.0.2.0/24", gw: "10.77.0.255" }) }),
    words: ["192.0.2.0/24 via 10.77.0.255 dev eth0", "10.77.0.255 must be another host's"],
  },
  "the same route twice": {
    conf: () => ({ ipam: ADDED_ROUTE({ dst: "0.0.0.0/0" }) }),
    words: ["0.0.0.0/0 via 10.77.0.1 dev eth0", "file exists", "given twice"],
  },
  "an IPv6 route where the container has IPv6 off and no range switches it on": {
    conf: () => ({ ipam: { type: "host-local", ranges: [DUAL_STACK.ranges[0]], routes: [{ dst: "::/0" }] } }),
    prepare: (lab, ns) => lab.sh(ns, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"),
    words: ["::/0 dev eth0", "IPv6 is switched off in the container"],
  },
  "an IPv6 gateway for a bridge of others with IPv6 off": {
    conf: () => ({ bridge: "lab7" }),
    prepare: (lab) => {
      lab.sh(lab.host, "ip", "link", "add", "lab7", "up", "type", "bridge");
      lab.sh(lab.host, "ip", "addr", "add", "10.77.0.1/24", "dev", "lab7");
      lab.sh(lab.host, "sysctl", "-qw", "net.ipv6.conf.lab7.disable_ipv6=1");
    },
    words: ['IP address fd77::1/64 to "lab7"', "permission denied", "sysctl -w net.ipv6.conf.lab7.disable_ipv6=0"],
  },
  "an IPv6 gateway for a bridge with too small an mtu": {
    conf: () => ({ bridge: "lab7" }),
    prepare: (lab) => {
      lab.sh(lab.host, "ip", "link", "add", "lab7", "up", "mtu", "1200", "type", "bridge");
      lab.sh(lab.host, "ip", "addr", "add", "10.77.0.1/24", "dev", "lab7");
    },
    words: ['IP address fd77::1/64 to "lab7"', "the mtu of lab7 is 1200, IPv6 needs 1280"],
  },
  "a gateway that is no host's address": {
    conf: () => ({ bridge: "lab7", ipam: { type: "host-local", ranges: [[{ subnet: "ff05::/64" }]] } }),
    prepare: (lab) =>
      lab.sh(lab.host, "ip", "link", "add", "lab7", "address", "02:00:00:00:00:07", "up", "type", "bridge"),
    words: ['IP address ff05::1/64 to "lab7"', "multicast"],
  },
  "masquerading where somebody has taken the table": {
    conf: () => ({}),
    prepare: (lab) => {
      lab.sh(lab.host, "nft", "flush ruleset");
      lab.sh(
        lab.host,
        "nft",
        "add table ip berth; add chain ip berth postrouting { type filter hook postrouting priority 0; }",
      );
    },
    words: ["failed to masquerade 10.77.0.3/24, fd77::3/64", "nft add chain ip berth postrouting", "nft list ruleset"],
  },
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

  needs(
    namespaces,
    built,
    can("root and setpriv", "setpriv", "--reuid=1", "true"),
  )(
    "because the plugin is not run by root asks whether it is",
    inLab((lab) => {
      lab.sh(lab.host, "ip", "link", "add", "lab0", "address", "02:00:00:00:00:07", "up", "type", "bridge");
      const conf = JSON.stringify(lab.conf({ ipam: {} }));
      const add = (netns: string) => {
        const env = `CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=${netns} CNI_PATH=${lab.bin}`;
        const command = `setpriv --reuid=65534 --regid=65534 --clear-groups env -i ${env} ${lab.bin}/bridge`;
        const output = lab.attempt(lab.host, "sh", "-c", `echo '${conf}' | ${command}`);
        return { ...output, json: JSON.parse(output.stdout) };
      };
      cniError(add(`/run/netns/${lab.container()}`), 'failed to make veth pair for "eth0"', "master lab0", "root");
      cniError(add("/proc/1/ns/net"), 'failed to open netns "/proc/1/ns/net": permission denied', "root");
    }),
  );

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
