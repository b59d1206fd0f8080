/** For each intended difference the case that shows it: docs/differences.md names them. */
import type { Json } from "../support/command.ts";
import type { Case, Step } from "./case.ts";
import { resultOf as vethResult } from "./generate-bandwidth.ts";
import { bridgeResult } from "./generate-firewall.ts";
import { linkedResult } from "./generate-portmap.ts";
import { resultOf } from "./generate-tuning.ts";

const IPAM = {
  type: "host-local",
  dataDir: "$DIR/store",
  ranges: [[{ subnet: "10.77.0.0/24" }], [{ subnet: "fd77::/64" }]],
  routes: [{ dst: "0.0.0.0/0" }],
};
const CONF = {
  cniVersion: "1.1.0",
  name: "net",
  type: "bridge",
  bridge: "br0",
  isGateway: true,
  ipam: IPAM,
  berth: { indexDir: "$DIR/index" },
};
const ADD: Step = { verb: "ADD", guest: 0 };
const DEL: Step = { verb: "DEL", guest: 0 };
const CHECK: Step = { verb: "CHECK", guest: 0, prevResult: "own" };

function shown(conf: Json, steps: readonly Step[], more: Partial<Case> = {}): Case {
  return { plugin: "bridge", conf: { ...CONF, ...conf }, before: [], steps, ...more };
}
const ipam = (over: Json) => ({ ipam: { ...IPAM, ...over } });

const patchOf = (guest: 0 | 1, ...portMappings: Json[]): Json => ({
  prevResult: linkedResult(guest, "1.1.0"),
  runtimeConfig: { portMappings },
});

/** A call that brings a result of the guest's and ports. */
const mapped = (verb: string, guest: 0 | 1, ...portMappings: Json[]): Step => ({
  verb,
  guest,
  patch: patchOf(guest, ...portMappings),
});
const WEB = { hostPort: 8080, containerPort: 80, protocol: "tcp" };
const DNS = { hostPort: 53, containerPort: 53, protocol: "udp" };
const portmap = (over: Json, ...steps: Step[]): Case => ({
  plugin: "portmap",
  conf: { cniVersion: "1.1.0", name: "net", type: "portmap", ...over },
  before: ["links to the containers"],
  steps,
});

/** Of a bridge and others behind it. */
function chained(others: readonly Json[], ...steps: Step[]): Case {
  const { cniVersion, name } = CONF;
  return { ...shown({}, steps), list: [CONF, ...others.map((conf) => ({ cniVersion, name, ...conf }))] };
}

const NUMBERS = { "net.ipv4.ping_group_range": "0 7" };
const tuned = (over: Json, ...steps: Step[]): Case => ({
  plugin: "tuning",
  conf: {
    cniVersion: "1.1.0",
    name: "net",
    type: "tuning",
    dataDir: "$DIR/store/tuning",
    prevResult: resultOf("1.1.0"),
    ...over,
  },
  before: ["an interface in the container"],
  steps,
});

const guarded = (over: Json, ...steps: Step[]): Case => ({
  plugin: "firewall",
  conf: { cniVersion: "1.1.0", name: "net", type: "firewall", prevResult: GUARDED, ...over },
  before: [],
  steps,
});
const GUARDED = bridgeResult("1.1.0", "br0", ["10.77.0.9/24"]);
const OTHER = { prevResult: bridgeResult("1.1.0", "br0", ["10.77.0.10/24"]) };
const ISOLATED = { ingressPolicy: "isolated" };
const shaped = (over: Json, ...steps: Step[]): Case => ({
  plugin: "bandwidth",
  conf: { cniVersion: "1.1.0", name: "net", type: "bandwidth", prevResult: vethResult("1.1.0"), ...over },
  before: ["a veth to the container"],
  steps,
});

/** Class → case; the test is called "intended difference: CLASS". */
export const SHOWN: Record<string, Case> = {
  alias: shown({}, [ADD]),
  "bridge-mac-pinned": shown({ isGateway: false }, [ADD]),
  "bridge-state-unknown": shown({}, [ADD], { before: ["an empty bridge"] }),
  "port-without-link-local": shown({}, [ADD]),
  "queue-length": shown({}, [ADD]),
  "no-dad": shown({}, [ADD]),
  "neighbour-advertisement": shown({}, [ADD]),
  "specific-code": shown({ mtu: "wide" }, [ADD]),
  "first-error": shown(ipam({ ranges: [] }), [ADD], { before: ["another link of the bridge's name"] }),
  "failed-add-leaves-nothing": shown(ipam({ routes: [{ dst: "10.96.0.9/16" }] }), [ADD]),
  "shared-parts-first": shown({}, [ADD], { before: ["the container's interface"] }),
  "stale-gateway-replaced": shown({}, [ADD, DEL, { ...ADD, patch: ipam({ ranges: [[{ subnet: "10.88.0.0/24" }]] }) }]),
  "gateway-among-others": shown({}, [ADD], { before: ["a bridge with the gateway after another address"] }),
  "ipv6-switched-on": shown({}, [ADD], { before: ["IPv6 off on new interfaces"] }),
  "default-route-without-gateway": shown({ isDefaultGateway: true }, [ADD]),
  "route-without-destination": shown(ipam({ routes: [{ gw: "10.77.0.1" }] }), [ADD], { plugin: "host-local" }),
  "own-lease-again": shown({}, [ADD, { act: "deletes the container's interface", guest: 0 }, ADD]),
  "one-address-twice": shown({ ipam: { type: "static", addresses: [{ address: "10.77.0.40/24" }] } }, [
    ADD,
    { ...ADD, guest: 1 },
  ]),
  "null-is-absent": shown(ipam({ subnet: null }), [ADD]),
  "gateway-of-other-family": shown(
    { ipam: { type: "static", addresses: [{ address: "10.77.0.40/24", gateway: "fd77::1" }] } },
    [ADD],
    { before: ["a bridge with the gateway"] },
  ),
  "own-namespace": shown({}, [{ ...ADD, netns: "host" } as Step]),
  "del-needs-no-valid-configuration": shown({}, [ADD, { ...DEL, patch: { vlan: 9999 } } as Step]),
  "del-goes-on": shown({}, [ADD, { ...DEL, patch: { ipam: { type: "absent" } } } as Step], { plugin: "ptp" }),
  "del-spares-others": shown({}, [DEL], { before: ["the container's interface"] }),
  "del-finds-the-port": shown({}, [ADD, { ...DEL, netns: "unset" } as Step]),
  "del-spares-older-leases": shown({}, [DEL], {
    plugin: "host-local",
    before: ["a lease without interface", "a lease of its own"],
  }),
  "check-routes-of-all-tables": shown(ipam({ routes: [{ dst: "10.93.0.0/16", table: 77 }] }), [ADD, CHECK]),
  "check-routes-as-made": shown(ipam({ routes: [{ dst: "10.93.0.0/16", gw: "0.0.0.0" }] }), [ADD, CHECK]),
  "check-reads-result": shown({}, [ADD, { ...CHECK, prevResult: "another address" } as Step], { plugin: "host-local" }),
  "check-validates-configuration": shown({}, [ADD, { ...CHECK, args: "IgnoreUnknown=1;MAC=nonsense" } as Step]),
  "check-order": shown({}, [{ verb: "CHECK", guest: 0 }]),
  "status-checks": shown(ipam({ ranges: [[{ subnet: "10.77.0.5/24" }]] }), [{ verb: "STATUS", guest: 0 }], {
    plugin: "host-local",
  }),
  "gc-collects": shown({}, [ADD, { verb: "GC", guest: 0, valid: [] }]),
  "gc-needs-no-valid-ranges": shown(ipam({ ranges: [] }), [{ verb: "GC", guest: 0, valid: [] }], {
    plugin: "host-local",
  }),
  "gc-reads-its-configuration": shown({}, [{ verb: "GC", guest: 0, patch: { "cni.dev/valid-attachments": 5 } }]),
  "loopback-result-version": shown({ cniVersion: "0.4.0" }, [ADD], { plugin: "loopback" }),
  "portmap-nftables-by-default": portmap({}, mapped("ADD", 0, WEB)),
  "newest-has-the-port": portmap({}, mapped("ADD", 0, WEB), mapped("ADD", 1, WEB)),
  "portmap-conditions-in-part": portmap(
    { backend: "nftables", conditionsV4: ["ct", "state", "new"] },
    mapped("ADD", 0, WEB),
  ),
  "portmap-conditions-of-each": portmap(
    { backend: "nftables", conditionsV4: ["iifname", "port1"] },
    mapped("ADD", 0, WEB),
    { ...mapped("ADD", 1, DNS), patch: { ...patchOf(1, DNS), conditionsV4: ["ip saddr 192.0.2.0/24"] } } as Step,
  ),
  "portmap-add-replaces": portmap({}, mapped("ADD", 0, WEB), mapped("ADD", 0, DNS)),
  "portmap-del-by-owner": portmap({}, mapped("ADD", 0, WEB), mapped("DEL", 0)),
  "portmap-gc-and-status": portmap({}, mapped("ADD", 0, WEB), { verb: "GC", guest: 0, valid: [] }),
  "portmap-check-by-mapping": portmap(
    { backend: "iptables" },
    mapped("ADD", 0, WEB, { ...WEB, hostPort: 8081 }),
    mapped("CHECK", 0, WEB),
  ),
  "portmap-interfaces-apart": chained(
    [{ type: "portmap", backend: "iptables" }],
    { verb: "ADD", guest: 0, at: 0, ifname: "net1" },
    {
      verb: "ADD",
      guest: 0,
      at: 1,
      ifname: "net1",
      prevResult: "own",
      patch: { runtimeConfig: { portMappings: [WEB] } },
    },
  ),
  "portmap-reads-all": portmap(
    {},
    {
      verb: "ADD",
      guest: 0,
      patch: {
        prevResult: { cniVersion: "1.1.0", ips: [{ address: "10.77.0.9/24" }] },
        runtimeConfig: { portMappings: [{ ...WEB, hostIP: "nonsense" }] },
      },
    },
  ),
  "firewall-add-replaces": guarded({}, ADD, { ...ADD, patch: OTHER } as Step),
  "firewall-check-changes-nothing": guarded({}, { verb: "CHECK", guest: 0 }),
  "firewall-checks-isolation": guarded(
    ISOLATED,
    ADD,
    { act: "flushes the isolation of bridges", guest: 0 },
    { verb: "CHECK", guest: 0 },
  ),
  "firewall-del-by-owner": guarded({}, ADD, { ...DEL, patch: { prevResult: undefined } } as Step),
  "firewall-isolation-goes": guarded(ISOLATED, ADD, DEL),
  "firewall-published-ports": guarded({}, ADD),
  "firewall-reads-all": guarded(
    { iptablesAdminChainName: "a".repeat(40), prevResult: bridgeResult("1.1.0", "br0", []) },
    ADD,
  ),
  "firewall-spares-others": guarded({}, ADD, { ...ADD, guest: 1 }, DEL),
  "tuning-args-alone": tuned({ args: { cni: { sysctl: NUMBERS } } }, ADD),
  "tuning-checks-all": tuned({ txQLen: -1 }, ADD),
  "tuning-directory": tuned({ mtu: 1400 }, ADD),
  "tuning-mac-as-value": tuned({ mac: "02:11:22:33:44:5A" }, ADD, CHECK),
  "tuning-promisc-as-set": tuned({}, ADD, { act: "listens on the container's interface", guest: 0 }, CHECK),
  "tuning-state-goes": tuned({ mtu: 1400 }, ADD, { ...DEL, netns: "missing" } as Step),
  "tuning-sysctl-by-words": tuned({ sysctl: NUMBERS }, ADD, CHECK),
  "bandwidth-alone": shaped({ prevResult: undefined }, ADD),
  "bandwidth-checks-all": shaped(
    { ingressRate: 8_000_000, ingressBurst: 80_000 },
    ADD,
    { act: "stops shaping what the container gets", guest: 0 },
    CHECK,
  ),
  "null-is-no-configuration": shown({}, [{ ...ADD, stdin: "null" } as Step]),
};
