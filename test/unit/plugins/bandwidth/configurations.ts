/** Configurations of bandwidth for the schemas: generated, and with every key. */
import fc from "fast-check";
import { key, pick, record, type Values } from "../../../differential/values.ts";
import type { Json } from "../../../support/command.ts";
import { attachments } from "../configurations.ts";

const limit = pick<unknown>([8, 8_000_000], [2, 8], [1, 0], [1, null], [1, 4], [1, -8], [1, "8M"]);
const limits = (percent: number): Record<string, Values> =>
  Object.fromEntries(
    ["ingressRate", "ingressBurst", "egressRate", "egressBurst"].map((name) => [name, key(percent, limit)]),
  );

/** A whole configuration of bandwidth, mostly valid. */
export const bandwidthConfiguration: Values = fc
  .tuple(fc.constantFrom(100, 20, 0), fc.constantFrom(100, 20, 0))
  .chain(([own, given]) =>
    record({
      cniVersion: key(90, fc.constantFrom("0.4.0", "1.0.0", "1.1.0")),
      name: key(90, fc.constant("net")),
      type: fc.constant("bandwidth"),
      ...limits(own),
      runtimeConfig: key(50, record({ bandwidth: key(90, record(limits(given))) })),
      prevResult: key(50, fc.constant({ cniVersion: "1.0.0", ips: [] })),
      "cni.dev/valid-attachments": key(10, attachments),
      "cni.dev/attachments": key(10, attachments),
    }),
  );

const LIMITS = { ingressRate: 8_000_000, ingressBurst: 80_000, egressRate: 16_000_000, egressBurst: 160_000 };

/** One of bandwidth with every key. */
export const BANDWIDTH: Json = {
  cniVersion: "1.1.0",
  name: "net",
  type: "bandwidth",
  ...LIMITS,
  capabilities: { bandwidth: true },
  ipam: { type: "none" },
  dns: { nameservers: ["10.1.0.1"], domain: "example.org", search: ["example.org"], options: ["ndots:2"] },
  runtimeConfig: { bandwidth: LIMITS },
  prevResult: { cniVersion: "1.0.0", ips: [] },
  "cni.dev/valid-attachments": [{ containerID: "c1", ifname: "eth0" }],
  "cni.dev/attachments": [{ containerID: "c1", ifname: "eth0" }],
};
