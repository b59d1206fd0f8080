import { EOPNOTSUPP } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { findAttr } from "../wire/attrs.ts";
import { RTM_GETNETCONF } from "./tables.ts";

/** NETCONFA_* (linux/netconf.h). */
const IFINDEX = 1;
const FORWARDING = 2;
/** NETCONFA_IFINDEX_ALL: what sysctls call net.FAMILY.conf.all. */
const ALL = -1;

const SHOW_FORWARDING: Question<number, boolean> = {
  type: RTM_GETNETCONF,
  flags: 0,
  absent: EOPNOTSUPP,
  text: () => "ip netconf show dev all",
  write(w, family) {
    // struct netconfmsg, and the one attribute.
    w.u32(family);
    w.u16(8);
    w.u16(IFINDEX);
    w.u32(ALL);
  },
  read({ body }) {
    body.skip(4);
    return findAttr(body, FORWARDING)?.i32() === 1;
  },
};

/**
 * Whether the namespace forwards packets of a family: net.ipv4.ip_forward, net.ipv6.conf.all.forwarding. Unlike the files in
 * /proc/sys it costs the same however many namespaces the machine has. False where the kernel has not the family.
 */
export function forwards(client: Client, family: number): boolean {
  return client.get(SHOW_FORWARDING, family) ?? false;
}
