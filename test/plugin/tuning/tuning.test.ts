import { describe, expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import type { CallOptions } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, linkKind, namespaces, needs } from "../../support/needs.ts";
import { ALL, FILTER, filterOf, guest, link, NEW, OLD, states, tuningConf, UNTUNED } from "../../support/tuned.ts";

const need = needs(namespaces, built, linkKind("veth"));

describe("tuning", () => {
  const REFUSED: [string, object, ...string[]][] = [
    ["the last of many settings cannot be", { ...ALL, mtu: 10 }, "eth0", "mtu 10", "minmtu"],
    ["the last sysctl is not there", { ...ALL, sysctl: { [FILTER]: "1", "net.x.y": "1" } }, "net.x.y", "net/x/y"],
    ["a sysctl's value cannot be", { ...ALL, sysctl: { [FILTER]: "x" } }, FILTER, '"x"'],
    ["the state cannot be kept", { ...ALL, dataDir: "/proc/nowhere" }, "/proc/nowhere/cid-1_eth0.json", "dataDir"],
  ];
  need.each(REFUSED)("leaves all as it was when %s", async (_, over, ...words) => {
    await inLab((lab) => {
      const ns = guest(lab);
      cniError(lab.call("tuning", "ADD", { ns, conf: tuningConf(lab, over) }), ...words);
      expect([link(lab, ns), states(lab), filterOf(lab, ns)]).toEqual([UNTUNED, {}, "0"]);
    })();
  });

  need(
    "refuses an interface that is not there, and a sysctl that is there twice",
    inLab((lab) => {
      const ns = lab.container();
      cniError(lab.call("tuning", "ADD", { ns, conf: tuningConf(lab, ALL) }), "eth0", ns);
      const twice = JSON.stringify(tuningConf(lab, { sysctl: { [FILTER]: "1" } })).replace(
        '{"net.',
        `{"${FILTER}":"0","net.`,
      );
      for (const verb of ["ADD", "CHECK"] as const)
        cniError(lab.call("tuning", verb, { ns, conf: twice }), FILTER, "twice");
      expect(states(lab)).toEqual({});
    }),
  );

  need.each([
    ["the namespace is gone", (lab: Lab, ns: string) => void lab.attempt(lab.host, "ip", "netns", "del", ns), {}],
    ["CNI_NETNS is unset", () => {}, { ns: "" }],
    ["the interface is gone", (lab: Lab, ns: string) => void lab.sh(ns, "ip", "link", "del", "eth0"), {}],
  ] as [string, (lab: Lab, ns: string) => void, Partial<CallOptions>][])(
    "DEL removes the state where %s",
    async (_, act, over) => {
      await inLab((lab) => {
        const ns = guest(lab);
        lab.add({ ns, conf: tuningConf(lab, ALL) });
        expect(Object.keys(states(lab))).toEqual(["cid-1_eth0.json"]);
        act(lab, ns);
        const bare = tuningConf(lab, { prevResult: undefined, sysctl: 5 });
        for (let again = 0; again < 2; again++) lab.del({ ns, conf: bare, ...over });
        expect(states(lab)).toEqual({});
      })();
    },
  );

  need(
    "GC removes the state of what is not valid any more, of its network only",
    inLab((lab) => {
      const named = (name: string, over: object = {}) =>
        tuningConf(lab, { cniVersion: "1.1.0", name, mtu: 1400, ...over });
      for (const [id, name] of [
        ["a", "net"],
        ["b", "net"],
        ["c", "other"],
      ] as const) {
        lab.add({ ns: guest(lab), id, conf: named(name) });
      }
      const gc = (over: object) =>
        lab.call("tuning", "GC", { conf: named("net", over), env: { CNI_NETNS: undefined } });
      expect(gc({})).toMatchObject({ status: 0 });
      expect(Object.keys(states(lab)).sort()).toEqual(["a_eth0.json", "b_eth0.json", "c_eth0.json"]);
      expect(gc({ "cni.dev/valid-attachments": [{ containerID: "b", ifname: "eth0" }] })).toMatchObject({ status: 0 });
      expect(Object.keys(states(lab)).sort()).toEqual(["b_eth0.json", "c_eth0.json"]);
    }),
  );

  need(
    "CHECK tells what somebody has changed, and is not misled by who listens in, nor by blanks",
    inLab((lab) => {
      const ns = guest(lab);
      const tuned = {
        ...ALL,
        promisc: false,
        sysctl: { "net.ipv4.ping_group_range": "0 7", "net.ipv4.route.flush": "1" },
      };
      const prevResult = lab.add({ ns, conf: tuningConf(lab, tuned) });
      const check = () => lab.call("tuning", "CHECK", { ns, conf: tuningConf(lab, { ...tuned, prevResult }) });
      lab.sh(ns, "ip", "link", "add", "br0", "type", "bridge");
      for (const master of [["master", "br0"], ["nomaster"]]) {
        lab.sh(ns, "ip", "link", "set", "eth0", ...master);
        expect([link(lab, ns).promiscuity, check()]).toMatchObject([master.length - 1, { status: 0, stdout: "" }]);
      }
      for (const [change, back, word] of [
        [["mtu", "1300"], ["mtu", "1400"], "MTU of eth0 is 1400, current value is 1300"],
        [["promisc", "on"], ["promisc", "off"], "promiscuous mode of eth0 is false"],
        [["allmulticast", "off"], ["allmulticast", "on"], "all-multicast mode of eth0 is true"],
        [["txqueuelen", "7"], ["txqueuelen", "500"], "Transmit Queue Length of eth0 is 500, current value is 7"],
        [["address", OLD], ["address", NEW], `Ethernet of eth0 is ${NEW}, current value is ${OLD}`],
      ] as const) {
        lab.sh(ns, "ip", "link", "set", "eth0", ...change);
        cniError(check(), word);
        lab.sh(ns, "ip", "link", "set", "eth0", ...back);
      }
      lab.sh(ns, "sysctl", "-qw", "net.ipv4.ping_group_range=0 8");
      cniError(check(), "net/ipv4/ping_group_range");
    }),
  );
});
