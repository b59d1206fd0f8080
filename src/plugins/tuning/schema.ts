/** What tuning reads of a configuration, for the tool and tests. Which sysctls there are is the kernel's to say. */
import * as z from "zod";
import { attachmentKeys, commonKeys, key, keys, stationMac } from "../../spec/schema.ts";

const tuningKeys = {
  sysctl: key(
    "Sysctls of the container's network namespace, by name: net.ipv4.conf.IFNAME.arp_filter is that of its interface.",
    z.record(z.string().regex(/^[./]*net[./]+[^./]/, "a sysctl below net: net.ipv4.ip_forward"), z.string()),
  ),
  mac: key('MAC address of the interface; left as it is when absent or "".', stationMac),
  mtu: key(
    "Bytes; left as it is when absent or 0.",
    z
      .int()
      .min(0)
      .max(2 ** 31 - 1),
  ),
  promisc: key("The interface hears what is for others; left as it is when absent or false.", z.boolean()),
  allmulti: key("The interface hears all multicast, or does not; left as it is when absent.", z.boolean()),
  txQLen: key(
    "Packets that may wait to be sent; left as it is when absent.",
    z
      .int()
      .min(0)
      .max(2 ** 32 - 1),
  ),
};

export const schema = keys({
  ...commonKeys,
  ...attachmentKeys,
  ...tuningKeys,
  ipam: key(
    "An IPAM plugin's keys, which tuning does not use.",
    keys({ type: key("Name of that plugin.", z.string()) }),
  ),
  dataDir: key(
    "Directory where the interfaces' attributes are kept until DEL, of all networks; /run/cni/tuning when absent or empty.",
    z.string(),
  ),
  runtimeConfig: key(
    "Put in by the runtime: what it supplies of the capabilities.",
    keys({ mac: key("Capability mac: MAC address instead of mac and of MAC in CNI_ARGS.", stationMac) }),
  ),
  args: key(
    "Arguments, by the convention of their key.",
    keys({ cni: key("Arguments for plugins: they go before the same keys elsewhere.", keys(tuningKeys)) }),
  ),
});
