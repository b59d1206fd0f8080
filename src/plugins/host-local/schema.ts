/**
 * What host-local reads of a configuration, for the tool and tests: `ipam`, `args`, `berth`, and what the runtime puts in.
 * Whether ranges lie in their subnets and apart from each other is for ranges.ts to say.
 */
import * as z from "zod";
import {
  attachmentKeys,
  berthKeys,
  ip,
  ipOrPrefix,
  key,
  keys,
  prefix,
  prevResult,
  requestKeys,
  route,
} from "../../spec/schema.ts";

const SUBNET = "Subnet that addresses are taken from, its host bits zero, at most /30 or /126.";

const rangeKeys = {
  rangeStart: key("First address of the range; the subnet's address plus one when absent.", ip),
  rangeEnd: key(
    "Last address of the range; the last of the subnet when absent, in IPv4 the one before the broadcast address.",
    ip,
  ),
  gateway: key("Gateway of the range, which is not handed out; the subnet's address plus one when absent.", ip),
};

const ranges = z.array(z.array(keys({ subnet: prefix.describe(SUBNET), ...rangeKeys })).min(1));

const wishes = z.array(ipOrPrefix);

export const schema = keys({
  ...requestKeys,
  ipam: keys({
    type: key('Name of the IPAM plugin, "host-local".', z.string()),
    ranges: key("Sets of ranges: a container gets an address of each set. Those of one set are of one family.", ranges),
    subnet: key(`${SUBNET} With the next three keys a set of one range, before those of ranges.`, prefix),
    ...rangeKeys,
    routes: key("Routes that go into the result with the addresses.", z.array(route)),
    resolvConf: key("Path of a file like resolv.conf, for the result's dns; none when absent or empty.", z.string()),
    dataDir: key("Directory of the leases, of all networks; /var/lib/cni/networks when absent or empty.", z.string()),
  }).describe("What the IPAM plugin reads."),
  runtimeConfig: key(
    "Put in by the runtime: what it supplies of the capabilities.",
    keys({
      ips: key("Capability ips: addresses that are asked for; a prefix length is ignored.", wishes),
      ipRanges: key("Capability ipRanges: sets of ranges, before those of ipam.", ranges),
    }),
  ),
  args: key(
    "Arguments, by the convention of their key.",
    keys({
      cni: key(
        "Arguments for plugins.",
        keys({ ips: key("Addresses that are asked for; a prefix length is ignored.", wishes) }),
      ),
    }),
  ),
  prevResult,
  ...attachmentKeys,
  berth: berthKeys({
    lockTimeout: key("Seconds to wait for the lock of the network's leases; 25 when absent.", z.int().min(0)),
    indexDir: key("Directory of the index of the leases; /run/berth/index when absent or empty.", z.string()),
  }),
});
