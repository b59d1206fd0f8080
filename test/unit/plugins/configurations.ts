/** Configurations of a bridge with host-local for the schemas: generated, and with every key. */
import fc from "fast-check";
import { bridgeConfig } from "../../differential/generate-config.ts";
import { key, pick, record, type Values } from "../../differential/values.ts";
import type { Json } from "../../support/command.ts";

export const attachments: Values = pick<unknown>(
  [4, [{ containerID: "c1", ifname: "eth0" }]],
  [2, []],
  [1, null],
  [1, [{}]],
);

/** A whole configuration of a bridge with host-local, mostly valid; its `name` may be absent, as it is within a list. */
export const configuration: Values = fc
  .tuple(
    bridgeConfig,
    record({
      prevResult: key(10, fc.constant({ cniVersion: "1.0.0", ips: [] })),
      "cni.dev/valid-attachments": key(10, attachments),
      "cni.dev/attachments": key(10, attachments),
      berth: record({
        macFromAddress: key(30, fc.boolean()),
        lockTimeout: key(30, pick([3, 5], [1, 0], [1, -1])),
        indexDir: key(30, fc.constant("/run/index")),
        register: key(15, record({ service: key(50, fc.constant("web")), dir: key(20, fc.constant("/run/ep")) })),
      }),
    }),
  )
  .map(([conf, more]) => ({ ...conf, ...more }));

/** One with every key. */
export const FULL: Json = {
  cniVersion: "1.1.0",
  name: "net",
  type: "bridge",
  isGateway: true,
  isDefaultGateway: true,
  forceAddress: true,
  ipMasq: true,
  hairpinMode: true,
  promiscMode: false,
  preserveDefaultVlan: true,
  macspoofchk: false,
  enabledad: false,
  disableContainerInterface: false,
  portIsolation: false,
  bridge: "br0",
  ipMasqBackend: "nftables",
  mtu: 1400,
  vlan: 100,
  vlanTrunk: [{ id: 42, minID: 100, maxID: 102 }],
  ipam: {
    type: "host-local",
    ranges: [[{ subnet: "10.1.0.0/24", rangeStart: "10.1.0.9", rangeEnd: "10.1.0.99", gateway: "10.1.0.1" }]],
    subnet: "fd00::/64",
    rangeStart: "fd00::9",
    rangeEnd: "fd00::99",
    gateway: "fd00::1",
    routes: [{ dst: "::/0", gw: "fd00::1", mtu: 1300, advmss: 1200, priority: 7, table: 7, scope: 0 }],
    resolvConf: "/etc/resolv.conf",
    dataDir: "/var/lib/cni/networks",
  },
  dns: { nameservers: ["10.1.0.1"], domain: "example.org", search: ["example.org"], options: ["ndots:2"] },
  runtimeConfig: {
    mac: "",
    register: { service: "web,api", namespace: "prod", ports: [{ name: "http", port: 8080, protocol: "tcp" }] },
    "io.kubernetes.cri.pod-annotations": { "berth/service": "web", "berth/ports": "http:8080/tcp,9090" },
    ips: ["10.1.0.9/24"],
    ipRanges: [[{ subnet: "10.2.0.0/24" }]],
    portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp", hostIP: "192.0.2.1" }],
  },
  backend: "iptables",
  snat: true,
  masqAll: false,
  markMasqBit: 13,
  conditionsV4: ["-d", "192.0.2.0/24"],
  conditionsV6: [],
  args: { cni: { mac: "02:00:00:00:00:01", ips: ["fd00::9"] } },
  capabilities: { mac: true },
  prevResult: {},
  "cni.dev/valid-attachments": [{ containerID: "c1", ifname: "eth0" }],
  "cni.dev/attachments": [{ containerID: "c1", ifname: "eth0" }],
  berth: {
    macFromAddress: true,
    lockTimeout: 5,
    indexDir: "/run/index",
    register: {
      service: "web",
      namespace: "default",
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      dir: "/run/berth/endpoints",
    },
  },
};
