import { formatMac, type Mac } from "../base/mac.ts";

/** What `ip link add` is told of an address and an MTU. */
export function addressWords(mac: Mac, mtu: number | undefined): string {
  return `address ${formatMac(mac)}${mtu ? ` mtu ${mtu}` : ""}`;
}
