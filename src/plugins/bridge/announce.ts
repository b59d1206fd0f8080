import { familyOf } from "../../base/ip.ts";
import type { Mac } from "../../base/mac.ts";
import { setMac } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Inner } from "../../veth/container.ts";
import { isOneOfMany } from "../../veth/link-local.ts";
import type { Veth } from "../../veth/pair.ts";
import { BRIDGE_ALIAS } from "./bridge.ts";
import type { AddContext, Addressing, Plan } from "./plan.ts";
import { PORT_UP_MS } from "./port.ts";
import { settleAddresses } from "./settle.ts";

/**
 * The MAC address that goes with a container's only address, an IPv4 one: 0a:58 and its bytes, so that whoever knew the
 * address's last holder knows the next. Undefined where there are others, or the configuration says what it is to be.
 */
export function addressMac({ config }: Plan, { ips }: Addressing): Mac | undefined {
  const [only, ...others] = ips;
  if (only?.address.ip.length !== 4 || others.length > 0) return undefined;
  if (!config.macFromAddress || config.mac || config.vlans) return undefined;
  return Uint8Array.of(0x0a, 0x58, ...only.address.ip);
}

/**
 * Whether neighbours need not be told who has the address now: its MAC address is the address's own, and so it was before,
 * on a bridge where all are. Where they are few they are told all the same.
 *
 * @param known whether the machine knew a neighbour of this address: it was another's until now
 */
export function isQuiet(bridge: Link, { ownMac, outer }: Veth, known: boolean): boolean {
  return ownMac && !known && bridge.alias === BRIDGE_ALIAS && isOneOfMany(outer);
}

/**
 * Tells the neighbours who has the addresses now. The kernel announces them (arp_notify, ndisc_notify) when a MAC
 * address is set; that must come after the port forwards, or nobody hears it.
 */
export function announce({ sandbox, plan }: AddContext, inner: Inner, { mac }: Veth, { ips }: Addressing): void {
  const isUp = ({ operstate }: Link) => operstate === "up";
  const tell = [setMac(inner, mac)];
  const { failures, link } = sandbox.findAndAttempt(inner.index, tell);
  if (failures[0]) throw failures[0];
  // The kernel's worker brings up one end after the other: if this one was not yet up, maybe nobody heard it.
  if (link && !isUp(link)) {
    sandbox.awaitLink(inner.name, isUp, PORT_UP_MS);
    sandbox.change(...tell);
  }
  if (plan.config.enabledad && ips.some(({ address }) => familyOf(address.ip) === 6)) settleAddresses(sandbox, inner);
}
