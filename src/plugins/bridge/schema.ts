/**
 * What the bridge plugin reads of a configuration, for the tool and tests. The keys of its IPAM plugin are in that one's
 * schema; which keys exclude each other is for config.ts to say.
 */
import * as z from "zod";
import { encodeUtf8 } from "../../base/utf8.ts";
import {
  attachmentKeys,
  berthKeys,
  commonKeys,
  ipMasqKeys,
  key,
  keys,
  stationMac,
  vethMtu,
} from "../../spec/schema.ts";
import { registerKeys, suppliedKeys } from "../../veth/schema.ts";

const vid = z.int().min(1).max(4094);

const trunkItem = keys({
  id: key("One VLAN, 1 to 4094.", vid),
  minID: key("First VLAN of a range, 1 to 4094; with maxID.", vid),
  maxID: key("Last VLAN of a range, 1 to 4094; with minID.", vid),
}).refine(
  ({ minID, maxID }) => (minID === undefined) === (maxID === undefined) && (minID ?? 0) <= (maxID ?? 0),
  "minID and maxID go together, the lower one first",
);

/** Linux: dev_valid_name() of net/core/dev.c. */
const ifname = z
  .string()
  .regex(/^(?!\.{1,2}$)[^/:\s\u0085]{1,15}$/, "an interface name: no / : or white space")
  .refine((name) => encodeUtf8(name).length <= 15, "at most 15 bytes");

const mac = key(
  "MAC address of the container's interface; absent or empty: one of its address, or a random one.",
  stationMac,
);

export const schema = keys({
  ...commonKeys,
  "cni.dev/attachments": attachmentKeys["cni.dev/attachments"],
  bridge: key("Name of the bridge, at most 15 bytes; cni0 when absent. It is made if it is not there.", ifname),
  isGateway: key("The bridge gets the gateway's address, and the machine forwards; false when absent.", z.boolean()),
  isDefaultGateway: key(
    "isGateway, and the container's default route leads to the bridge; false when absent.",
    z.boolean(),
  ),
  forceAddress: key(
    "Another address on the bridge is removed where it is in the gateway's way; false when absent, ADD fails then.",
    z.boolean(),
  ),
  ...ipMasqKeys,
  mtu: key(
    "MTU of the bridge and of the container's interface in bytes, 68 to 65535; the kernel's when absent or not above 0.",
    vethMtu,
  ),
  hairpinMode: key("A container may reach itself through the bridge; false when absent.", z.boolean()),
  promiscMode: key("The bridge is promiscuous; not with hairpinMode; false when absent.", z.boolean()),
  vlan: key(
    "VLAN of what the container sends and gets without a tag, 1 to 4094; none when absent or 0.",
    z.int().min(0).max(4094),
  ),
  vlanTrunk: key("VLANs that the container may use with a tag; none when absent.", z.array(trunkItem)),
  preserveDefaultVlan: key("The bridge's default VLAN stays on the port; false when absent.", z.boolean()),
  macspoofchk: key(
    "What the container sends must have the MAC address that it was given; false when absent.",
    z.boolean(),
  ),
  enabledad: key("IPv6 duplicate address detection on the container's interface; false when absent.", z.boolean()),
  disableContainerInterface: key(
    "The container's interface is left down; not with an IPAM plugin; false when absent.",
    z.boolean(),
  ),
  portIsolation: key("The port reaches only ports that are not isolated; false when absent.", z.boolean()),
  ipam: key(
    "What the IPAM plugin reads; absent: no addresses (layer 2).",
    keys({
      type: key(
        "Name of the IPAM plugin, a file in the directories of CNI_PATH; absent or empty: no addresses.",
        z.string().regex(/^(?!\.{1,2}$)[^/]*$/, "the name of a file, without a path"),
      ),
    }),
  ),
  runtimeConfig: key("Put in by the runtime: what it supplies of the capabilities.", keys({ mac, ...suppliedKeys })),
  args: key("Arguments, by the convention of their key.", keys({ cni: key("Arguments for plugins.", keys({ mac })) })),
  berth: berthKeys({
    macFromAddress: key(
      "A container's only address, an IPv4 one, gives its MAC address; true when absent.",
      z.boolean(),
    ),
    ...registerKeys,
  }),
});
