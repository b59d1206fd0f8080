import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { reference } from "../../package.json";
import { cniError } from "../support/cni-error.ts";
import type { CallOptions } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, namespaces, needs } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";
import { snapshot } from "../support/snapshot.ts";

const _release = reference.replaceAll(".", "\\.");

const need = needs(namespaces, built);

/** What is wrong with a call, its CNI error code, and the field and value that the error must name. */
type BadCall = readonly [what: string, call: (lab: Lab) => CallOptions, code: number, ...words: string[]];

const conf = (over: Record<string, unknown>) => (lab: Lab) => ({ conf: lab.conf(over) });
const ranges = (...sets: object[][]) => conf({ ipam: { type: "host-local", ranges: sets } });
const LONG = "x".repeat(300);

const STDIN: BadCall[] = [
  ["empty stdin", () => ({ conf: "" }), 6, "stdin", "empty"],
  ["blank stdin", () => ({ conf: " \n" }), 6, "stdin", "empty"],
  ["truncated stdin", () => ({ conf: '{"cniVersion":"1.0.0","name":"n' }), 6, "stdin is not JSON", "cniVersion"],
  ["bytes that are no text", () => ({ conf: "\x00\x01" }), 6, "stdin"],
  ["an array", () => ({ conf: "[]" }), 6, "an object", "an array"],
  ["null", () => ({ conf: "null" }), 6, "an object", "null"],
  ["a string", () => ({ conf: '"x"' }), 6, "an object", "x"],
  ["two documents", (lab) => ({ conf: `${JSON.stringify(lab.conf())}{}` }), 6, "stdin"],
];

const TYPES: BadCall[] = [
  ["a name that is a number", conf({ name: 5 }), 6, "name", "5"],
  ["a cniVersion that is a number", conf({ cniVersion: 1 }), 6, "cniVersion", "1"],
  ["an ipam that is a number", conf({ ipam: 5 }), 6, "ipam", "5"],
  ["an ipam.type that is an object", conf({ ipam: { type: {} } }), 6, "ipam.type", "{}"],
  ["a bridge that is a list", conf({ bridge: ["a"] }), 6, "bridge", "a"],
  ["an mtu that is a text", conf({ mtu: "1400" }), 6, "mtu", "1400"],
  ["an mtu that is a fraction", conf({ mtu: 1400.5 }), 6, "mtu", "1400.5"],
  ["an isGateway that is a text", conf({ isGateway: "yes" }), 6, "isGateway", "yes"],
  ["an ipMasq that is a number", conf({ ipMasq: 1 }), 6, "ipMasq", "1"],
  ["a dns that is a list", conf({ dns: [] }), 6, "dns"],
  ["nameservers that are a text", conf({ dns: { nameservers: "192.0.2.1" } }), 6, "dns.nameservers", "192.0.2.1"],
  ["ranges that are an object", conf({ ipam: { type: "host-local", ranges: {} } }), 6, "ipam.ranges"],
  ["a subnet that is a number", ranges([{ subnet: 10 }]), 6, "ipam.ranges[0][0].subnet", "10"],
  ["a dataDir that is a number", conf({ ipam: { type: "host-local", dataDir: 1 } }), 6, "ipam.dataDir", "1"],
  ["a route's priority that is a text", routes({ dst: "0.0.0.0/0", priority: "1" }), 6, "ipam.routes[0].priority", "1"],
];

function routes(...list: object[]) {
  return conf({ ipam: { type: "host-local", ranges: [[{ subnet: "10.77.0.0/24" }]], routes: list } });
}

const VERSIONS: BadCall[] = [
  ["an unknown version", conf({ cniVersion: "9.9.9" }), 1, "9.9.9", "1.1.0"],
  ["a version that is none", conf({ cniVersion: "one" }), 1, "one"],
];

const NAMES: BadCall[] = [
  ["no network name", conf({ name: undefined }), 7, "network name"],
  ["an empty network name", conf({ name: "" }), 7, "network name"],
  ["a network name that is a path", conf({ name: "../../etc" }), 7, "network name", "../../etc"],
  ["a network name with a slash", conf({ name: "a/b" }), 7, "network name", "a/b"],
  ["a network name that is too long", conf({ name: LONG }), 7, "network name", LONG],
  ["a bridge that is a path", conf({ bridge: "../x" }), 7, "bridge", "../x"],
  ["a bridge name that is too long", conf({ bridge: "b".repeat(16) }), 7, "bridge", "b".repeat(16)],
  ["an empty bridge name", conf({ bridge: "" }), 7, "bridge"],
  ["an ipam.type that is a path", conf({ ipam: { type: "../host-local" } }), 7, "ipam.type", "../host-local"],
  ["an ipam.type that is the parent", conf({ ipam: { type: ".." } }), 7, "ipam.type", ".."],
  ["an ipam.type that is not installed", conf({ ipam: { type: "nothere" } }), 7, "nothere"],
  ["an ipam.type that is too long", conf({ ipam: { type: LONG } }), 7, LONG],
];

const ENVIRONMENT: BadCall[] = [
  ["no container ID", () => ({ env: { CNI_CONTAINERID: undefined } }), 4, "CNI_CONTAINERID"],
  ["an empty container ID", () => ({ id: "" }), 4, "CNI_CONTAINERID"],
  ["a container ID that is a path", () => ({ id: "../x" }), 4, "containerID", "../x"],
  ["a container ID with a space", () => ({ id: "a b" }), 4, "containerID", "a b"],
  ["a container ID that is too long", () => ({ id: "x".repeat(2000) }), 4, "containerID", "2000"],
  ["no interface name", () => ({ env: { CNI_IFNAME: undefined } }), 4, "CNI_IFNAME"],
  ["an interface name with a slash", () => ({ ifname: "a/b" }), 4, "interface name contains / or :"],
  ["an interface name with a colon", () => ({ ifname: "a:b" }), 4, "interface name contains / or :"],
  ["an interface name with a space", () => ({ ifname: "a b" }), 4, "or whitespace characters"],
  ["an interface name that is too long", () => ({ ifname: "x".repeat(16) }), 4, "interface name", "too long"],
  ["an interface name that is the parent", () => ({ ifname: ".." }), 4, "interface name", ".."],
  ["no CNI_PATH", () => ({ env: { CNI_PATH: undefined } }), 4, "CNI_PATH"],
  ["an unknown command", () => ({ env: { CNI_COMMAND: "FROB" } }), 4, "FROB"],
  ["CNI_ARGS that is no pair", () => ({ args: "MAC" }), 4, "ARGS", "MAC"],
  ["CNI_ARGS that nobody knows", () => ({ args: "FOO=1" }), 4, "ARGS", "FOO=1"],
  ["a MAC in CNI_ARGS that is none", () => ({ args: "IgnoreUnknown=1;MAC=zz" }), 4, "MAC", "zz"],
  ["an IP in CNI_ARGS that is none", () => ({ args: "IgnoreUnknown=1;IP=zz" }), 4, "IP", "zz"],
];

const NETNS: BadCall[] = [
  ["no CNI_NETNS", () => ({ env: { CNI_NETNS: undefined } }), 4, "CNI_NETNS"],
  ["a missing namespace", () => ({ ns: "/run/netns/never-was" }), 999, "/run/netns/never-was"],
  ["a plain file", (lab) => ({ ns: plainFile(lab) }), 999, "plain-file", "namespace"],
  ["a directory", (lab) => ({ ns: lab.dir }), 999, "namespace"],
  ["the plugin's own namespace", (lab) => ({ ns: lab.host }), 8, "CNI_NETNS"],
];

function plainFile(lab: Lab): string {
  const file = join(lab.dir, "plain-file");
  writeFileSync(file, "");
  return file;
}

const RANGES: BadCall[] = [
  ["no range", ranges(), 7, "ranges"],
  ["an empty range set", ranges([]), 7, "ipam.ranges[0]"],
  ["a range without subnet", ranges([{}]), 7, "ipam.ranges[0][0].subnet"],
  ["a subnet that is none", ranges([{ subnet: "x" }]), 7, "ipam.ranges[0][0].subnet", "x"],
  ["a subnet with a length too great", ranges([{ subnet: "10.77.0.0/33" }]), 7, "subnet", "10.77.0.0/33"],
  [
    "a subnet of its own with host bits",
    conf({ ipam: { type: "host-local", subnet: "10.77.0.5/24" } }),
    7,
    "ipam.subnet",
    "10.77.0.0/24",
  ],
  [
    "an end of its own outside",
    conf({ ipam: { type: "host-local", subnet: "10.77.0.0/24", rangeEnd: "10.78.0.1" } }),
    7,
    "ipam.rangeEnd",
    "10.78.0.1",
  ],
  ["a subnet with host bits", ranges([{ subnet: "10.77.0.5/24" }]), 7, "subnet", "10.77.0.0/24"],
  ["a subnet of one address", ranges([{ subnet: "10.77.0.0/32" }]), 7, "subnet", "10.77.0.0/32"],
  ["a gateway that is none", ranges([{ subnet: "10.77.0.0/24", gateway: "zz" }]), 7, "gateway", "zz"],
  ["a start outside", ranges([{ subnet: "10.77.0.0/24", rangeStart: "10.78.0.1" }]), 7, "rangeStart", "10.78.0.1"],
  ["an end outside", ranges([{ subnet: "10.77.0.0/24", rangeEnd: "10.78.0.1" }]), 7, "rangeEnd", "10.78.0.1"],
  [
    "a start after the end",
    ranges([{ subnet: "10.77.0.0/24", rangeStart: "10.77.0.9", rangeEnd: "10.77.0.3" }]),
    7,
    "rangeStart",
    "10.77.0.9",
  ],
  ["two families in a set", ranges([{ subnet: "10.77.0.0/24" }, { subnet: "fd77::/64" }]), 7, "ipam.ranges[0]"],
  [
    "overlapping ranges",
    ranges([{ subnet: "10.77.0.0/24" }, { subnet: "10.77.0.128/25" }]),
    7,
    "ipam.ranges[0]",
    "10.77.0.1-10.77.0.254",
  ],
  [
    "overlapping sets",
    ranges([{ subnet: "10.77.0.0/24" }], [{ subnet: "10.77.0.128/25" }]),
    7,
    "ipam.ranges[0]",
    "ipam.ranges[1]",
  ],
  ["a route that is none", routes({ dst: "zz" }), 7, "ipam.routes[0].dst", "zz"],
  [
    "two IPv4 gateways",
    ranges([{ subnet: "10.77.0.0/24" }], [{ subnet: "10.78.0.0/24" }]),
    7,
    "10.77.0.1/24",
    "10.78.0.1/24",
  ],
];

/** Routes in beside an IPv4 and an IPv6 range. */
const dual = (...list: object[]) => conf({ ipam: { ...DUAL_STACK, routes: list } });

const ROUTES: BadCall[] = [
  ["IPv4 through IPv6", dual({ dst: "192.0.2.0/24", gw: "fd77::1" }), 7, "192.0.2.0/24 via fd77::1", "same IP family"],
  [
    "IPv6 through IPv4",
    dual({ dst: "2001:db8::/32", gw: "10.77.0.1" }),
    7,
    "2001:db8::/32 via 10.77.0.1",
    "same IP family",
  ],
  ["IPv4 through no IPv6", dual({ dst: "192.0.2.0/24", gw: "::" }), 7, "192.0.2.0/24 via ::", "same IP family"],
  ["IPv6 through ::", dual({ dst: "::/0", gw: "::" }), 7, "::/0 via ::", ":: is no gateway", 'leave "gw" out'],
  ["host bits", dual({ dst: "192.0.2.5/24", gw: "10.77.0.9" }), 7, "192.0.2.5/24", "host bits", "write 192.0.2.0/24"],
  ["host bits in the default route", dual({ dst: "10.77.0.1/0" }), 7, "10.77.0.1/0", "write 0.0.0.0/0"],
  ["a gateway where none can be", dual({ dst: "192.0.2.0/24", scope: 253 }), 7, "scope 253 (link)", "gw", "0.0.0.0"],
  ["a host's scope with a gateway", dual({ dst: "192.0.2.0/24", scope: 254 }), 7, "scope 254 (host)", "gw"],
  ["a scope that there is not", dual({ dst: "192.0.2.0/24", gw: "0.0.0.0", scope: 255 }), 7, "scope 255"],
];

const KEYS: BadCall[] = [
  ["hairpin and promiscuous mode", conf({ hairpinMode: true, promiscMode: true }), 7, "hairpinMode", "promiscMode"],
  [
    "addresses for an interface that stays down",
    conf({ disableContainerInterface: true }),
    7,
    "disableContainerInterface",
    "ipam",
  ],
  ["a vlan, which is not built yet", conf({ vlan: 7 }), 2, "vlan", "7"],
  ["an mtu above what links can have", conf({ mtu: 65536 }), 7, "mtu", "65536", "68 to 65535"],
  ["an mtu below it", conf({ mtu: 67 }), 7, "mtu", "67", "68 to 65535"],
  ["an mtu too small for IPv6", conf({ mtu: 1279, ipam: DUAL_STACK }), 7, "mtu", "1279", "fd77::/64", "1280"],
  [
    "a group's MAC address",
    conf({ runtimeConfig: { mac: "01:00:5e:00:00:01" } }),
    7,
    "runtimeConfig.mac",
    "01:00:5e:00:00:01",
  ],
  [
    "a MAC address of zeros",
    conf({ args: { cni: { mac: "00:00:00:00:00:00" } } }),
    7,
    "args.cni.mac",
    "00:00:00:00:00:00",
  ],
  [
    "a MAC of eight bytes",
    () => ({ args: "MAC=02:00:00:00:00:00:00:01" }),
    7,
    "CNI_ARGS",
    "02:00:00:00:00:00:00:01",
    "8 bytes",
  ],
  ["an unknown ipMasqBackend", conf({ ipMasq: true, ipMasqBackend: "magic" }), 7, "ipMasqBackend", "magic"],
  ["a MAC that is none", conf({ runtimeConfig: { mac: "zz" } }), 7, "runtimeConfig.mac", "zz"],
];

const ALL = {
  stdin: STDIN,
  type: TYPES,
  version: VERSIONS,
  name: NAMES,
  environment: ENVIRONMENT,
  netns: NETNS,
  range: RANGES,
  route: ROUTES,
  key: KEYS,
};

describe.each(Object.entries(ALL))("bridge/ADD refuses a bad %s and touches nothing", (_, calls) => {
  need.each(calls)("%s", async (__, options, code, ...words) => {
    await inLab((lab) => {
      const ns = lab.container();
      const call = { ns, ...options(lab) };
      const before = snapshot(lab, [ns]);
      expect(cniError(lab.call("bridge", "ADD", call), ...words).code).toBe(code);
      expect(snapshot(lab, [ns])).toEqual(before);
    })();
  });
});
