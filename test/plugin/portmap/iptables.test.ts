/** The iptables backend: the rules that the reference makes. */
import { expect } from "bun:test";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, can, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import { type Attached, attach, portmapConf } from "../../support/port-net.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");
const need = needs(namespaces, built, reference, iptables);

const MAPPINGS = [
  { hostPort: 8080, containerPort: 80, protocol: "tcp" },
  { hostPort: 8053, containerPort: 53, protocol: "udp", hostIP: "192.0.2.1" },
  ...Array.from({ length: 16 }, (_, i) => ({ hostPort: 9000 + i, containerPort: 90, protocol: "tcp" })),
];

const CONFIGURATIONS: [string, object][] = [
  ["as it is", { backend: "iptables" }],
  ["with conditions", { conditionsV4: ["-d", "192.0.2.0/24"], conditionsV6: ["!", "-d", "2001:db8::/64"] }],
  ["with a chain of others", { externalSetMarkChain: "KUBE-MARK-MASQ" }],
  ["with masqAll and another mark", { backend: "iptables", masqAll: true, markMasqBit: 20 }],
  ["without snat", { backend: "iptables", snat: false }],
];

const callOf = (who: Attached, over: object) => ({ ns: who.ns, id: who.id, conf: portmapConf(who, MAPPINGS, over) });

/** The rules of nat, each chain's in order, with those of portmap only. */
function rules(lab: Lab): string[] {
  const saved = ["iptables", "ip6tables"].map((tool) => lab.sh(lab.host, tool, "-t", "nat", "-S"));
  return saved.flatMap((text) => text.split("\n").filter((line) => /CNI-(DN|HOSTPORT)|KUBE/.test(line)));
}

need.each(CONFIGURATIONS)(
  "iptables -S prints what the reference's rules print %s, and DEL leaves the same",
  async (_, over) => {
    await inLab((lab) => {
      for (const tool of ["iptables", "ip6tables"]) lab.sh(lab.host, tool, "-t", "nat", "-N", "KUBE-MARK-MASQ");
      const one = attach(lab, "one");
      const side = (bin: string) => {
        lab.add({ ...callOf(one, over), bin });
        const made = rules(lab);
        if (bin === lab.bin)
          expect(lab.call("portmap", "CHECK", callOf(one, over))).toMatchObject({ status: 0, stdout: "" });
        lab.del({ ...callOf(one, over), bin });
        const left = rules(lab);
        for (const tool of ["iptables", "ip6tables"]) lab.sh(lab.host, tool, "-t", "nat", "-F");
        return [made, left];
      };
      const [theirs, ours] = [side(REFERENCE), side(lab.bin)];
      expect(ours[0]?.sort()).toEqual(theirs[0]?.sort() ?? []);
      expect(ours[1]?.sort()).toEqual(theirs[1]?.sort() ?? []);
    })();
  },
);

need(
  "interfaces have chains of their own, a repeated ADD changes nothing, CHECK sees damage, GC and DEL remove theirs",
  inLab((lab) => {
    const [one, two] = [attach(lab, "one"), attach(lab, "two")];
    const over = { backend: "iptables", cniVersion: "1.1.0" };
    const first = callOf(one, over);
    lab.add(first);
    const alone = rules(lab);
    lab.add(first);
    expect(rules(lab)).toEqual(alone);
    const second = { ...callOf(two, over), id: "one", ifname: "net1", ns: two.ns };
    second.conf.prevResult.interfaces[2].name = "net1";
    lab.add(second);
    lab.del(second);
    expect(rules(lab)).toEqual(alone);
    const third = callOf(two, over);
    lab.add(third);
    const conf = { ...third.conf, "cni.dev/valid-attachments": [{ containerID: "one", ifname: "eth0" }] };
    const node = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };
    expect(lab.call("portmap", "GC", { conf, env: node })).toMatchObject({ status: 0, stdout: "" });
    expect(rules(lab)).toEqual(alone);
    lab.sh(lab.host, "iptables", "-t", "nat", "-F", "CNI-HOSTPORT-DNAT");
    expect(lab.call("portmap", "CHECK", first).json.msg).toContain("no rule leads from CNI-HOSTPORT-DNAT");
    lab.del({ id: "one", conf: { cniVersion: "1.0.0", name: one.network, type: "portmap" } });
    expect(rules(lab).filter((line) => line.includes("CNI-DN"))).toEqual([]);
  }),
);
