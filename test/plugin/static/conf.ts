/** A configuration of static. */
import type { Conf } from "../../support/conf.ts";

export const ADDRESSES = [{ address: "10.77.0.9/24", gateway: "10.77.0.1" }, { address: "fd77::9/64" }];
export const IPAM = {
  type: "static",
  addresses: ADDRESSES,
  routes: [{ dst: "0.0.0.0/0" }, { dst: "10.9.0.0/16", gw: "10.77.0.7", mtu: 1400, priority: 5, table: 9, scope: 0 }],
  dns: { nameservers: ["192.0.2.53"], domain: "example.org", search: ["example.org"], options: ["ndots:2"] },
};
export const CONF: Conf = { cniVersion: "1.0.0", name: "net", type: "bridge", ipam: IPAM };
