/** What the ptp plugin reads of a configuration, for the tool and tests. Its IPAM plugin's keys are in that one's schema. */
import * as z from "zod";
import { attachmentKeys, berthKeys, commonKeys, ipMasqKeys, key, keys, vethMtu } from "../../spec/schema.ts";
import { registerKeys, suppliedKeys } from "../../veth/schema.ts";

export const schema = keys({
  ...commonKeys,
  ...attachmentKeys,
  ...ipMasqKeys,
  mtu: key("MTU of the pair in bytes, 68 to 65535, 1280 for IPv6; the kernel's when absent or not above 0.", vethMtu),
  ipam: key(
    "What the IPAM plugin reads.",
    keys({
      type: key(
        "Name of the IPAM plugin, a file in the directories of CNI_PATH.",
        z.string().regex(/^(?!\.{1,2}$)[^/]+$/, "the name of a file, without a path"),
      ),
    }),
  ),
  runtimeConfig: key("Put in by the runtime: what it supplies of the capabilities.", keys(suppliedKeys)),
  berth: berthKeys(registerKeys),
});
