/** Configurations of tuning for the schemas: generated, and with every key. */
import fc from "fast-check";
import { key, pick, record, type Values } from "../../../differential/values.ts";
import type { Json } from "../../../support/command.ts";
import { FULL } from "../configurations.ts";

const TUNED = {
  sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" },
  mac: "02:00:00:00:00:01",
  mtu: 1400,
  promisc: true,
  allmulti: false,
  txQLen: 500,
};

/** One of tuning with every key. */
export const TUNING: Json = {
  cniVersion: "1.1.0",
  name: "net",
  type: "tuning",
  capabilities: { mac: true },
  ipam: { type: "host-local" },
  dns: FULL.dns,
  prevResult: {},
  "cni.dev/valid-attachments": FULL["cni.dev/valid-attachments"],
  "cni.dev/attachments": null,
  ...TUNED,
  dataDir: "/run/cni/tuning",
  runtimeConfig: { mac: "" },
  args: { cni: TUNED },
};

const tuned = (percent: number) => ({
  sysctl: key(percent, pick<unknown>([4, { "net.ipv4.ip_forward": "1" }], [1, { "kernel.x": "1" }], [1, {}])),
  mac: key(percent, pick([4, "02:00:00:00:00:01"], [1, ""], [1, "0200.0000.0001"], [1, "01:00:00:00:00:01"])),
  mtu: key(percent, pick([6, 1400], [1, 0], [1, -1], [1, 2 ** 31])),
  promisc: key(percent, fc.boolean()),
  allmulti: key(percent, fc.boolean()),
  txQLen: key(percent, pick([6, 500], [1, 0], [1, -1], [1, 2 ** 32])),
});

/** A whole configuration of tuning, mostly valid. */
export const tuningConfiguration: Values = record({
  cniVersion: key(90, fc.constantFrom("0.2.0", "0.4.0", "1.0.0", "1.1.0")),
  name: fc.constant("net"),
  type: fc.constant("tuning"),
  ...tuned(20),
  dataDir: key(20, fc.constantFrom("", "/run/x")),
  prevResult: key(50, fc.constant({})),
  runtimeConfig: key(20, record({ mac: key(80, fc.constantFrom("", "02:00:00:00:00:02")) })),
  args: key(30, record({ cni: key(90, record(tuned(20))) })),
});
