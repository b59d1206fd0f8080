import { EACCES, EEXIST } from "../base/errno.ts";
import type { Ip } from "../base/ip.ts";
import type { Mac } from "../base/mac.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { addAddr, IFA_F_NODAD } from "../rtnl/addr.ts";
import type { Dev } from "../rtnl/dev.ts";
import type { Link } from "../rtnl/read-link.ts";
import { IN6_ADDR_GEN_MODE_EUI64 } from "../rtnl/tables.ts";
import type { Veth } from "./pair.ts";
import type { VethConfig } from "./plan.ts";

/**
 * From which port on a bridge has many. What goes to all ports (an announcement, what the kernel sends when a link comes up)
 * keeps the kernel's lock (rtnl) for 3 ms where they are 1,000, and each question that needs it waits.
 */
const MANY_PORTS = 256;

export function isOneOfMany({ port }: Link): boolean {
  return (port?.number ?? 0) > MANY_PORTS;
}

/**
 * Whether the link-local address of a container's interface is better added before its port forwards. The usual way to have
 * one at once is the sysctl accept_dad, and costs twice where there are many:
 *
 * - The kernel then makes it when the port forwards, and what goes with it (a multicast report, a router solicitation) goes
 *   to every port while the kernel keeps its lock. Of one that is made before, the report is repeated within a second, the
 *   solicitation after four.
 * - Whoever writes it has the kernel keep an entry of that namespace's /proc/sys/net, among which each later look-up in any
 *   namespace searches, the machine's own included.
 *
 * That needs an address that can be known: the kernel's usual one, of the MAC address.
 */
export function isLinkLocalEarly(sandbox: Sandbox, { enabledad }: VethConfig, { outer }: Veth): boolean {
  if (!isOneOfMany(outer) || enabledad) return false;
  return sandbox.findLink(outer.peer)?.addrGenMode === IN6_ADDR_GEN_MODE_EUI64;
}

/** The kernel's usual one, of the MAC address (RFC 4291, appendix A). */
export function linkLocalOf(mac: Mac): Ip {
  const [a = 0, b = 0, c = 0, ...rest] = mac;
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, ...rest);
}

/** Adds that address without duplicate address detection, unless IPv6 is switched off there. */
export function addLinkLocal(dev: Dev, mac: Mac) {
  return { ...addAddr(dev, { ip: linkLocalOf(mac), length: 64 }, IFA_F_NODAD), tolerate: [EEXIST, EACCES] };
}
