import { EACCES, EPERM, isErrno, messageOf } from "../../base/errno.ts";
import { formatPrefix, networkOf, type Prefix, prefixContains } from "../../base/ip.ts";
import type { Host } from "../../host/host.ts";
import { type Addr, deleteAddr, ensureAddr } from "../../rtnl/addr.ts";
import { setMac } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { AF_INET, addressFamily } from "../../rtnl/tables.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import { randomMac } from "../../veth/names.ts";
import { IPV6_MIN_MTU, NO_IPV6, ROOT } from "../../veth/remedies.ts";
import { isOurs } from "./bridge.ts";

/** Address scopes (linux/rtnetlink.h). */
const SCOPE_LINK = 253;

/**
 * Puts a gateway's address on the bridge, or on its interface in a VLAN. An address that is in the way (another IPv4 subnet,
 * an overlapping IPv6 one) is an error, or removed where `forceAddress` says so or nothing can be using it: a bridge of ours
 * without ports. Where the wanted one is there already, others are not in the way.
 */
export function ensureGateway(host: Host, link: Link, gateway: Prefix, forceAddress: boolean): void {
  const addrs = host.listAddrs(link.index, addressFamily(gateway.ip));
  if (isAmong(addrs, gateway)) {
    const [unpinned] = link.kind === "bridge" && !isOurs(link) ? host.attempt([pinMac(link)]) : [];
    if (unpinned) throw failed("set the MAC address of", link, unpinned);
    return;
  }
  const others = addrs.filter((addr) => conflicts(addr, gateway));
  const conflict = forceAddress ? undefined : firstConflict(host, link, others, gateway);
  if (conflict) throw conflict;
  const [kept] = host.attempt(others.map(({ prefix }) => deleteAddr(link, prefix))).filter((one) => one !== undefined);
  if (kept) throw failed("remove an IP address of", link, kept);
  addGateway(host, link, gateway);
}

/** Why an ADD could not put a gateway's address on the link, as far as that is seen before it tries. */
export function gatewayObstacle(host: Host, link: Link, gateway: Prefix, forceAddress: boolean): CniError | undefined {
  const addrs = host.listAddrs(link.index, addressFamily(gateway.ip));
  if (isAmong(addrs, gateway)) return undefined;
  const others = forceAddress ? [] : addrs.filter((addr) => conflicts(addr, gateway));
  const remedy = remedyFor(host, link, gateway);
  return firstConflict(host, link, others, gateway) ?? (remedy ? notAdded(link, gateway, remedy) : undefined);
}

function isAmong(addrs: readonly Addr[], wanted: Prefix): boolean {
  return addrs.some(({ prefix }) => formatPrefix(prefix) === formatPrefix(wanted));
}

/** Whether an address is in the way of a gateway's, which is another. A link may have any number of link-local ones. */
function conflicts(addr: Addr, gateway: Prefix): boolean {
  if (gateway.ip.length === 4) return true;
  if (addr.scope === SCOPE_LINK) return false;
  return prefixContains(addr.prefix, networkOf(gateway)) || prefixContains(gateway, networkOf(addr.prefix));
}

/** Undefined where nothing can be using them. */
function firstConflict(host: Host, link: Link, others: readonly Addr[], gateway: Prefix): CniError | undefined {
  const [first] = others;
  if (!first) return undefined;
  const ports = host.listLinks().filter(({ master }) => master === link.index).length;
  return ports > 0 || !isOurs(link) ? addressConflict(link, first, gateway, ports) : undefined;
}

function addressConflict(bridge: Link, addr: Addr, gateway: Prefix, ports: number): CniError {
  return new CniError(
    INTERNAL,
    `failed to set bridge addr: "${bridge.name}" already has an IP address different from ${formatPrefix(gateway)}`,
    `it has ${formatPrefix(addr.prefix)}, and ${ports} port${ports === 1 ? "" : "s"}: use that subnet, set "forceAddress", choose another "bridge", or remove it (ip addr del ${formatPrefix(addr.prefix)} dev ${bridge.name})`,
  );
}

function addGateway(host: Host, link: Link, gateway: Prefix): void {
  const changes = [ensureAddr(link, gateway), pinMac(link)];
  let [failure, unpinned] = host.attempt(changes);
  if (isErrno(failure, EACCES) && isOurs(link)) {
    host.enter((sysctls) => sysctls.write(disableIpv6(link), "0"));
    [failure, unpinned] = host.attempt(changes);
  }
  if (failure) throw notAdded(link, gateway, remedyFor(host, link, gateway), failure);
  if (unpinned) throw failed("set the MAC address of", link, unpinned);
}

/**
 * A bridge whose address was never set takes that of its lowest port; setting its own makes it stay. When its last port
 * went it has none at all, which nobody could send to.
 */
function pinMac(link: Link) {
  return setMac(link, link.mac.some((byte) => byte !== 0) ? link.mac : randomMac());
}

function failed(what: string, { name }: Link, cause: unknown): CniError {
  const message = `failed to set bridge addr: could not ${what} "${name}": ${messageOf(cause)}`;
  return new CniError(INTERNAL, message, isErrno(cause, EPERM) ? ROOT : "", cause);
}

function notAdded({ name }: Link, gateway: Prefix, remedy: string | undefined, cause?: unknown): CniError {
  const reason = cause === undefined ? "" : `: ${messageOf(cause)}`;
  return new CniError(
    INTERNAL,
    `failed to set bridge addr: could not add IP address ${formatPrefix(gateway)} to "${name}"${reason}`,
    remedy ?? "",
    cause,
  );
}

/** Why an IPv6 address cannot be put on the link, and what helps; undefined where nothing is known to be wrong. */
function remedyFor(host: Host, link: Link, { ip }: Prefix): string | undefined {
  if (addressFamily(ip) === AF_INET) return undefined;
  const { name, mtu } = link;
  if (mtu < IPV6_MIN_MTU)
    return `the mtu of ${name} is ${mtu}, IPv6 needs ${IPV6_MIN_MTU}: ip link set ${name} mtu 1500`;
  const disabled = host.enter((sysctls) => sysctls.read(disableIpv6(link)));
  if (disabled === undefined) return NO_IPV6;
  if (disabled === "0" || isOurs(link)) return undefined;
  return `IPv6 is switched off on ${name}: sysctl -w ${disableIpv6(link).replaceAll("/", ".")}=0`;
}

function disableIpv6({ name }: Link): string {
  return `net/ipv6/conf/${name}/disable_ipv6`;
}
