import type { Client } from "../netlink/client.ts";
import { attrs } from "../wire/attrs.ts";
import { i32 } from "../wire/coder.ts";
import { RTM_GETNETCONF } from "./tables.ts";

/** NETCONFA_* (linux/netconf.h). */
const netconfAttrs = attrs({ ifindex: [1, i32], forwarding: [2, i32] });

/** NETCONFA_IFINDEX_ALL: what sysctls call net.FAMILY.conf.all. */
const ALL = -1;

/**
 * Whether the namespace forwards packets of a family: net.ipv4.ip_forward, net.ipv6.conf.all.forwarding. Unlike the files in
 * /proc/sys it costs the same however many namespaces the machine has. Throws NetlinkError (EOPNOTSUPP without the family).
 */
export function forwards(client: Client, family: number): boolean {
  return client.get(
    "ip netconf show",
    RTM_GETNETCONF,
    (w) => {
      // struct netconfmsg
      w.u32(family);
      netconfAttrs.encode(w, { ifindex: ALL });
    },
    ({ body }) => {
      body.skip(4);
      return netconfAttrs.decode(body).forwarding === 1;
    },
  );
}
