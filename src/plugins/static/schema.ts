/** What static reads of a configuration, for the tool and tests: `ipam`, `args`, and what the runtime puts in. */
import * as z from "zod";
import {
  berthKeys,
  commonKeys,
  dns,
  ip,
  key,
  keys,
  prefix,
  prevResult,
  requestKeys,
  route,
} from "../../spec/schema.ts";

const ips = z.array(prefix);

const address = keys({
  address: prefix.describe("Address, with the length of its subnet's prefix."),
  gateway: key("Gateway of the subnet; none when absent.", ip),
});

export const schema = keys({
  ...requestKeys,
  capabilities: commonKeys.capabilities,
  ipam: keys({
    type: key('Name of the IPAM plugin, "static".', z.string()),
    addresses: key("Addresses of the container's interface, before those of IP in CNI_ARGS.", z.array(address)),
    routes: key("Routes that go into the result with the addresses.", z.array(route)),
    dns: key("Settings of the resolver for the result.", dns),
  }).describe("What the IPAM plugin reads."),
  runtimeConfig: key(
    "Put in by the runtime: what it supplies of the capabilities.",
    keys({ ips: key("Capability ips: addresses instead of all others; those others when empty.", ips) }),
  ),
  args: key(
    "Arguments, by the convention of their key.",
    keys({
      cni: key(
        "Arguments for plugins.",
        keys({ ips: key("Addresses instead of those of ipam and CNI_ARGS; those when empty.", ips) }),
      ),
    }),
  ),
  prevResult,
  berth: berthKeys(),
});
