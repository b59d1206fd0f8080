/** What firewall reads of a configuration, for the tool and tests. */
import * as z from "zod";
import { attachmentKeys, commonKeys, key, keys } from "../../spec/schema.ts";
import { RESERVED_CHAINS } from "./names.ts";

const adminChain = z
  .string()
  .max(28)
  .regex(/^(?![-!])[\x21-\x7e]*$/, "ASCII characters without spaces")
  .regex(/^[^"'\\]*$/, "no quotes")
  .refine((name) => !RESERVED_CHAINS.includes(name), "no chain that has another use");

export const schema = keys({
  ...commonKeys,
  ...attachmentKeys,
  ipam: key(
    "An IPAM plugin's keys, which firewall does not use.",
    keys({ type: key("Name of that plugin.", z.string()) }),
  ),
  backend: key(
    'What keeps the rules, "iptables" or "firewalld"; with anything else and when absent firewalld where it runs, else iptables.',
    z.string(),
  ),
  iptablesAdminChainName: key(
    "Chain of iptables' table filter with the operator's own rules, which go before those of containers; CNI-ADMIN when absent or empty.",
    adminChain,
  ),
  firewalldZone: key(
    "Zone of firewalld that the containers' addresses are in; trusted when absent or empty.",
    z.string(),
  ),
  ingressPolicy: key(
    "Who may send to the containers: all (open, also when absent or empty), only those of the same bridge (same-bridge), or none of this machine's (isolated).",
    z.enum(["", "open", "same-bridge", "isolated"]),
  ),
});
