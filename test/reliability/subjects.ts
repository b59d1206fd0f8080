/** The plugins whose kills and errors `subject.ts` tries, each with what it may leave. */
import { filterRules, firewallConf, resultOf } from "../support/firewalled.ts";
import { ruleset } from "../support/nft.ts";
import { attach, portmapConf } from "../support/port-net.ts";
import { LIMITS, guest as shapedGuest, shaping, shapingConf, UNSHAPED } from "../support/shaped.ts";
import { ALL, FILTER, filterOf, guest, link, states, tuningConf, UNTUNED } from "../support/tuned.ts";
import { additions } from "./remains.ts";
import type { Subject } from "./subject.ts";

/** All that it can set of a link, and a sysctl, which nothing restores but the ADD that fails. */
const tuning: Subject = {
  plugin: "tuning",
  open(lab) {
    const ns = guest(lab);
    return {
      id: "c1",
      ns,
      conf: tuningConf(lab, ALL),
      prepare: () => void lab.sh(ns, "sysctl", "-qw", `${FILTER.replace("IFNAME", "eth0")}=0`),
      remains() {
        const now = JSON.stringify(link(lab, ns));
        const changed = now === JSON.stringify(UNTUNED) ? [] : [now];
        return [...changed, ...Object.keys(states(lab))];
      },
      remainsOfFailed: () => (filterOf(lab, ns) === "0" ? [] : ["the sysctl"]),
    };
  },
};

const TCP = { hostPort: 8080, containerPort: 80, protocol: "tcp" };
const UDP = { hostPort: 8053, containerPort: 53, protocol: "udp" };

/** A port that is another container's, whose mapping waits meanwhile, and one of its own. `over` is of its configuration alone. */
const portmapOf = (over: object): Subject => ({
  plugin: "portmap",
  open(lab) {
    const [live, probe] = [attach(lab, "live"), attach(lab, "probe")];
    const own = { ns: probe.ns, id: probe.id, conf: portmapConf(probe, [TCP, UDP], over) };
    lab.add({ ns: live.ns, id: live.id, conf: portmapConf(live, [TCP]) });
    lab.add(own);
    lab.del(own);
    // Who has sent what meanwhile is no matter.
    const look = () =>
      ruleset(lab)
        .replace(/counter packets \d+ bytes \d+/g, "counter")
        .split("\n");
    const before = look();
    return {
      ...own,
      remains() {
        const now = look();
        return [...additions(before, now), ...additions(now, before).map((line) => `missing: ${line}`)];
      },
    };
  },
});

/** The first and last mapping under one makes and removes all that it has. */
const CONDITIONS = { conditionsV4: ["ip saddr { 192.0.2.0/24, 10.9.9.9 }"], conditionsV6: ["tcp dport != 9"] };

/** Both directions of a link that stays: with a container it would go, and its queueing disciplines with it. */
const bandwidth: Subject = {
  plugin: "bandwidth",
  open(lab) {
    const clear = "tc qdisc del dev vport0 root; tc qdisc del dev vport0 ingress";
    return {
      id: "c1",
      ns: shapedGuest(lab),
      conf: shapingConf(LIMITS),
      prepare: () => void lab.attempt(lab.host, "sh", "-c", clear),
      remains: () => shaping(lab).ifbs.map(({ ifname }) => ifname),
      remainsOfFailed() {
        const now = JSON.stringify(shaping(lab));
        return now === JSON.stringify(UNSHAPED) ? [] : [now];
      },
    };
  },
};

/** Rules of its own in both families, and those of the bridge that another container is on. */
const firewall: Subject = {
  plugin: "firewall",
  runsOthers: true,
  open(lab) {
    const ns = lab.container();
    const isolated = { ingressPolicy: "isolated", backend: "iptables" };
    const confOf = (address: string) => firewallConf(isolated, resultOf("br0", address));
    lab.add({ ns, id: "live", conf: confOf("10.1.2.9/24") });
    const look = () => filterRules(lab, ["iptables-save"]);
    const usual = look();
    return {
      id: "c1",
      ns,
      conf: confOf("10.1.2.3/24"),
      remains() {
        const now = look();
        return [...additions(usual, now), ...additions(now, usual).map((line) => `missing: ${line}`)];
      },
    };
  },
};

export const SUBJECTS = {
  bandwidth,
  firewall,
  portmap: portmapOf({}),
  conditions: portmapOf(CONDITIONS),
  tuning,
} as const;
