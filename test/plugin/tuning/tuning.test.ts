import { describe, expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../../support/cni-error.ts";
import type { Json } from "../../support/command.ts";
import type { CallOptions, Conf, Verb } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { BIN, built, linkKind, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import type { Reply } from "../../support/plugin.ts";
import { openRoom } from "../../support/room.ts";

const NEEDS = [namespaces, built, linkKind("veth")];
const need = needs(...NEEDS);
const needReference = needs(...NEEDS, reference);

const OLD = "02:00:00:00:00:09";
const NEW = "02:00:00:00:00:0a";

/** A container with an interface that somebody else has made. */
function guest(lab: Lab): string {
  const ns = lab.container();
  lab.sh(ns, "ip", "link", "add", "eth0", "address", OLD, "type", "veth", "peer", "name", "p0");
  lab.sh(ns, "ip", "link", "set", "eth0", "up");
  return ns;
}

function conf(lab: Lab, over: object = {}): Conf {
  const interfaces = [{ name: "br0" }, { name: "eth0", mac: OLD, sandbox: "/run/netns/c" }];
  const prevResult = { cniVersion: "1.0.0", interfaces, ips: [{ address: "10.1.2.3/24", interface: 1 }] };
  return { cniVersion: "1.0.0", name: "net", type: "tuning", dataDir: lab.store, prevResult, ...over };
}

/** What is seen of an interface. */
function link(lab: Lab, ns: string): Json {
  const [{ address, mtu, txqlen, promiscuity, flags }] = lab.ipj(ns, "-d", "link", "show", "dev", "eth0");
  return { address, mtu, txqlen, promiscuity, flags: flags.filter((flag: string) => /PROMISC|ALLMULTI/.test(flag)) };
}
const UNTUNED = { address: OLD, mtu: 1500, txqlen: 1000, promiscuity: 0, flags: [] };

const sysctl = (lab: Lab, ns: string, path: string) => lab.sh(ns, "cat", `/proc/sys/net/${path}`).trim();
const states = (lab: Lab): Record<string, string> =>
  Object.fromEntries(
    (existsSync(lab.store) ? readdirSync(lab.store) : []).map((name) => [
      name,
      readFileSync(join(lab.store, name), "latin1"),
    ]),
  );

const FILTER = "net.ipv4.conf.IFNAME.arp_filter";
const ALL = { mac: NEW, mtu: 1400, promisc: true, allmulti: true, txQLen: 500, sysctl: { [FILTER]: "1" } };

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
  const own = conf(lab, over);
  const call = (verb: Verb, more = {}) =>
    lab.call("tuning", verb, { ns, bin, conf: { ...own, ...more }, ...(args !== undefined && { args }) });
  const seen = () => ({
    link: link(lab, ns),
    states: states(lab),
    filter: sysctl(lab, ns, "ipv4/conf/eth0/arp_filter"),
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
        lab.add({ ns, conf: conf(lab, ALL), bin: first });
        lab.del({ ns, conf: conf(lab, ALL), bin: second });
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
      const options = { ns, conf: conf(lab, { promisc: true }), bin };
      lab.add(options);
      lab.sh(ns, "ip", "link", "set", "eth0", "nomaster");
      lab.del(options);
      return link(lab, ns).flags;
    });
    expect(flags).toEqual([[], ["PROMISC"]]);
  }),
);

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
      cniError(lab.call("tuning", "ADD", { ns, conf: conf(lab, over) }), ...words);
      expect([link(lab, ns), states(lab), sysctl(lab, ns, "ipv4/conf/eth0/arp_filter")]).toEqual([UNTUNED, {}, "0"]);
    })();
  });

  need(
    "refuses an interface that is not there, and a sysctl that is there twice",
    inLab((lab) => {
      const ns = lab.container();
      cniError(lab.call("tuning", "ADD", { ns, conf: conf(lab, ALL) }), "eth0", ns);
      const twice = JSON.stringify(conf(lab, { sysctl: { [FILTER]: "1" } })).replace(
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
        lab.add({ ns, conf: conf(lab, ALL) });
        expect(Object.keys(states(lab))).toEqual(["cid-1_eth0.json"]);
        act(lab, ns);
        const bare = conf(lab, { prevResult: undefined, sysctl: 5 });
        for (let again = 0; again < 2; again++) lab.del({ ns, conf: bare, ...over });
        expect(states(lab)).toEqual({});
      })();
    },
  );

  need(
    "GC removes the state of what is not valid any more, of its network only",
    inLab((lab) => {
      const named = (name: string, over: object = {}) => conf(lab, { cniVersion: "1.1.0", name, mtu: 1400, ...over });
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
      const prevResult = lab.add({ ns, conf: conf(lab, tuned) });
      const check = () => lab.call("tuning", "CHECK", { ns, conf: conf(lab, { ...tuned, prevResult }) });
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

  needReference(
    "knows the machine's list of allowed sysctls as the reference does",
    inLab(async (lab) => {
      const allow = (list: string) => `printf '%b' '${list}' > /etc/cni/tuning/allowlist.conf`;
      const ns = guest(lab);
      using room = await openRoom(lab, ["mount -t tmpfs none /etc", "mkdir -p /etc/cni/tuning"]);
      const add = (bin: string, name: string) => {
        const env = `CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=/run/netns/${ns} CNI_PATH=/nowhere`;
        const stdin = JSON.stringify(conf(lab, { sysctl: { [name]: "1" } }));
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
});
