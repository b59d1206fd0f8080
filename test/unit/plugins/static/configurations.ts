/** Configurations of static for the schemas: generated, and with every key. */
import fc from "fast-check";
import { key, pick, record, type Values } from "../../../differential/values.ts";
import type { Json } from "../../../support/command.ts";
import { FULL } from "../configurations.ts";

/** One of static with every key. */
export const STATIC: Json = {
  cniVersion: "1.1.0",
  name: "net",
  ipam: {
    type: "static",
    addresses: [{ address: "10.1.0.9/24", gateway: "10.1.0.1" }, { address: "fd00::9/64" }],
    routes: FULL.ipam.routes,
    dns: FULL.dns,
  },
  runtimeConfig: { ips: [] },
  args: { cni: { ips: [] } },
  prevResult: {},
};

const CIDRS = [[], ["10.1.0.9/24"], ["10.1.0.9/24", "fd00::9/64"], ["10.1.0.9/24", "10.1.1.9/24"], ["10.1.0.9"]];
const cidrs = (percent: number) => key(percent, fc.constantFrom(...CIDRS));
const address = record({
  address: key(95, pick([5, "10.1.0.9/24"], [5, "fd00::9/64"], [1, "10.1.0.9"], [1, ""])),
  gateway: key(50, pick([5, "10.1.0.1"], [1, ""], [1, "none"])),
});

/** A whole configuration of static, mostly valid. */
export const staticConfiguration: Values = record({
  cniVersion: key(90, fc.constantFrom("0.2.0", "0.4.0", "1.0.0", "1.1.0")),
  name: fc.constant("net"),
  ipam: record({
    addresses: key(90, fc.array(address, { maxLength: 2 })),
    routes: key(20, fc.constant(FULL.ipam.routes)),
    dns: key(20, fc.constant(FULL.dns)),
  }),
  runtimeConfig: record({ ips: cidrs(30) }),
  args: record({ cni: record({ ips: cidrs(30) }) }),
});
