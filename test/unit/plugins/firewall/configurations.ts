import fc from "fast-check";
import { key, pick, record, type Values } from "../../../differential/values.ts";
import type { Json } from "../../../support/command.ts";
import { FULL } from "../configurations.ts";

/** One of firewall with every key. */
export const FIREWALL: Json = {
  cniVersion: "1.1.0",
  name: "net",
  type: "firewall",
  capabilities: { mac: true },
  ipam: { type: "host-local" },
  dns: FULL.dns,
  prevResult: {},
  "cni.dev/valid-attachments": FULL["cni.dev/valid-attachments"],
  "cni.dev/attachments": null,
  backend: "iptables",
  iptablesAdminChainName: "NOMAD-ADMIN",
  firewalldZone: "trusted",
  ingressPolicy: "same-bridge",
};

/** A whole configuration of firewall, mostly valid. */
export const firewallConfiguration: Values = record({
  cniVersion: key(90, fc.constantFrom("0.4.0", "1.0.0", "1.1.0")),
  name: fc.constant("net"),
  backend: key(50, fc.constantFrom("", "iptables", "firewalld", "nft")),
  iptablesAdminChainName: key(
    50,
    pick<unknown>(
      [4, "NOMAD-ADMIN"],
      [1, ""],
      [1, "CNI-FORWARD"],
      [1, "-x"],
      [1, "two words"],
      [1, "a".repeat(28)],
      [1, "a".repeat(29)],
      [1, 'quo"te'],
    ),
  ),
  firewalldZone: key(30, fc.constantFrom("", "trusted", "public")),
  ingressPolicy: key(60, fc.constantFrom("", "open", "same-bridge", "isolated", "closed")),
  prevResult: key(20, fc.constant({})),
});
