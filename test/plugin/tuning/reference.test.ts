import { describe, expect } from "bun:test";
import type { Verb } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { BIN, built, linkKind, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import type { Reply } from "../../support/plugin.ts";
import { openRoom } from "../../support/room.ts";
import { ALL, FILTER, filterOf, guest, link, NEW, OLD, states, tuningConf, UNTUNED } from "../../support/tuned.ts";

const needReference = needs(namespaces, built, linkKind("veth"), reference);

type Case = [what: string, over: object, args?: string];
const legacy = { ip4: { ip: "10.1.2.3/24", gateway: "10.1.2.1", routes: [{ dst: "0.0.0.0/0" }] } };
const CASES: Case[] = [
  ["no key of its own", {}],
  ["all keys", ALL],
  ...Object.entries(ALL).map(([key, value]): Case => [key, { [key]: value }]),
  ["what is so already", { mac: OLD, mtu: 1500, allmulti: false, txQLen: 1000 }],
  ["keys that say nothing", { mac: "", mtu: 0, promisc: false, sysctl: {} }],
  ["an empty queue", { txQLen: 0 }],
  ["MAC in CNI_ARGS", { mac: OLD }, "IgnoreUnknown=1;MAC=02:00:00:00:00:0b;K8S_POD_NAME=p"],
  ["runtimeConfig.mac", { mac: OLD, runtimeConfig: { mac: NEW } }, "MAC=02:00:00:00:00:0b"],
  ["args", { ...ALL, args: { cni: { mac: "02:00:00:00:00:0c", mtu: 1300, promisc: false, txQLen: 1 } } }],
  ["a sysctl of args", { sysctl: { [FILTER]: "0" }, args: { cni: { sysctl: { [FILTER]: "1" } } } }],
  ["a sysctl with slashes", { sysctl: { "net/ipv4/conf/eth0/arp_filter": "1" } }],
  ["null", { mac: null, mtu: null, promisc: null, allmulti: null, txQLen: null, sysctl: null, args: null }],
  ["no prevResult", { prevResult: undefined }],
  ["an empty prevResult", { prevResult: {} }],
  ["prevResult of another version", { prevResult: { cniVersion: "0.4.0" } }],
  ["prevResult of a later version", { prevResult: { cniVersion: "1.1.0" } }],
  [
    "prevResult with unknown keys",
    { prevResult: { cniVersion: "1.0.0", x: 1, ips: [{ address: "10.1.2.3/24", y: 2 }] } },
  ],
  ["version 0.2.0", { cniVersion: "0.2.0", mac: NEW, prevResult: { cniVersion: "0.2.0", ...legacy } }],
  ["version 0.4.0", { cniVersion: "0.4.0", mac: NEW, prevResult: { interfaces: [{ name: "eth0" }] } }],
  ["an mtu that no veth has", { mtu: 10 }],
  ["a MAC address that is none", { mac: "nonsense" }],
  ["a group's MAC address", { mac: "01:00:00:00:00:01" }],
  ["a sysctl that is not there", { sysctl: { "net.ipv4.conf.eth0.nonsense": "1" } }],
  ["a sysctl's value that cannot be", { sysctl: { [FILTER]: "x" } }],
  ["a sysctl of the machine", { sysctl: { "kernel.domainname": "x" } }],
  ["unknown CNI_ARGS", {}, "IP=10.1.2.3"],
];

/** What a call answers; of an error only that it is one. */
const said = ({ status, stdout, json }: Reply) => ({ status, answer: status === 0 ? stdout : typeof json?.msg });

/** ADD, CHECK with its result, and DEL by the plugin of `bin`, and what is there after each. */
function lifeWith(lab: Lab, bin: string, over: object, args?: string) {
  const ns = guest(lab);
  const own = tuningConf(lab, over);
  const call = (verb: Verb, more = {}) =>
    lab.call("tuning", verb, { ns, bin, conf: { ...own, ...more }, ...(args !== undefined && { args }) });
  const seen = () => ({
    link: link(lab, ns),
    states: states(lab),
    filter: filterOf(lab, ns),
  });
  const added = call("ADD");
  const after = { ...said(added), ...(added.status === 0 && seen()) };
  const checked = added.status === 0 && said(call("CHECK", { prevResult: added.json }));
  const deleted = added.status === 0 && { ...said(call("DEL")), ...seen() };
  lab.sh(ns, "ip", "link", "del", "eth0");
  return { added: after, checked, deleted };
}

describe("tuning does as the reference's, with", () => {
  needReference.each(CASES)("%s", async (_, over, args) => {
    await inLab((lab) => {
      expect(lifeWith(lab, BIN, over, args)).toEqual(lifeWith(lab, REFERENCE, over, args));
    })();
  });

  needReference(
    "each other's state files: DEL puts back what either's ADD has changed",
    inLab((lab) => {
      for (const [first, second] of [
        [BIN, REFERENCE],
        [REFERENCE, BIN],
      ] as const) {
        const ns = guest(lab);
        lab.add({ ns, conf: tuningConf(lab, ALL), bin: first });
        lab.del({ ns, conf: tuningConf(lab, ALL), bin: second });
        expect([link(lab, ns), states(lab)]).toEqual([UNTUNED, {}]);
      }
    }),
  );
});

needReference(
  "tuning leaves an interface as it was to which somebody listened during ADD, which the reference does not",
  inLab((lab) => {
    const flags = [BIN, REFERENCE].map((bin) => {
      const ns = guest(lab);
      lab.sh(ns, "ip", "link", "add", "br0", "type", "bridge");
      lab.sh(ns, "ip", "link", "set", "eth0", "master", "br0");
      const options = { ns, conf: tuningConf(lab, { promisc: true }), bin };
      lab.add(options);
      lab.sh(ns, "ip", "link", "set", "eth0", "nomaster");
      lab.del(options);
      return link(lab, ns).flags;
    });
    expect(flags).toEqual([[], ["PROMISC"]]);
  }),
);

needReference(
  "tuning knows the machine's list of allowed sysctls as the reference does",
  inLab(async (lab) => {
    const allow = (list: string) => `printf '%b' '${list}' > /etc/cni/tuning/allowlist.conf`;
    const ns = guest(lab);
    using room = await openRoom(lab, ["mount -t tmpfs none /etc", "mkdir -p /etc/cni/tuning"]);
    const add = (bin: string, name: string) => {
      const env = `CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=/run/netns/${ns} CNI_PATH=/nowhere`;
      const stdin = JSON.stringify(tuningConf(lab, { sysctl: { [name]: "1" } }));
      return room.run("sh", "-c", `echo '${stdin}' | env -i ${env} ${bin}/tuning`);
    };
    const names = [FILTER, "net.ipv4.conf.IFNAME.arp_ignore", "net.ipv4.ip_forward"];
    const verdicts = (list: string) => {
      room.run("sh", "-c", allow(list));
      return [BIN, REFERENCE].map((bin) => names.map((name) => add(bin, name).status === 0));
    };
    for (const [list, expected] of [
      ["\\n  ^net\\\\.ipv4\\\\.conf\\\\.IFNAME\\\\.[a-z_]*$  \\n", [true, true, false]],
      ["arp_filter\\nip_forward", [true, false, true]],
      ["", [false, false, false]],
      ["(", [false, false, false]],
    ] as const) {
      expect([list, verdicts(list)]).toEqual([list, [[...expected], [...expected]]]);
    }
    room.run("sh", "-c", allow("(?i)NET"));
    expect(add(BIN, FILTER).stdout).toContain("(?i)");
    room.run("sh", "-c", allow("ip_forward\\n"));
    const { code, msg } = JSON.parse(add(BIN, FILTER).stdout);
    expect([code, msg]).toEqual([
      7,
      `Sysctl ${FILTER} is not allowed. Only the following sysctls are allowed: [ip_forward]`,
    ]);
  }),
);
