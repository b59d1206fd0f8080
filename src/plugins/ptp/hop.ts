import * as sys from "#sys";
import { EACCES, EEXIST, isErrno, messageOf } from "../../base/errno.ts";
import { formatIp, formatPrefix, type Ip, networkOf, type Prefix } from "../../base/ip.ts";
import type { Host } from "../../host/host.ts";
import type { Namespace } from "../../host/namespace.ts";
import type { Sandbox } from "../../host/sandbox.ts";
import { addAddr, IFA_F_NODAD } from "../../rtnl/addr.ts";
import { setAlias, setUp } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { addRoute } from "../../rtnl/route.ts";
import { addSoleRoute, deleteSubnetRoute, isOwn, type Own } from "../../rtnl/sole-route.ts";
import { IN6_ADDR_GEN_MODE_EUI64 } from "../../rtnl/tables.ts";
import { CniError, INTERNAL, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Inner } from "../../veth/container.ts";
import { addLinkLocal, linkLocalOf } from "../../veth/link-local.ts";
import { aliasOf } from "../../veth/names.ts";
import { type Veth, vanished } from "../../veth/pair.ts";
import type { AddContext } from "../../veth/plan.ts";
import { NO_IPV6 } from "../../veth/remedies.ts";
import type { Hop, PtpAddressing } from "./plan.ts";

/** RT_SCOPE_LINK and RT_SCOPE_HOST (linux/rtnetlink.h). */
const SCOPE_LINK = 253;
const SCOPE_HOST = 254;

/** An address alone: /32, /128. */
export function alone(ip: Ip): Prefix {
  return { ip, length: 8 * ip.length };
}

/**
 * Leads all of each address's subnet to its gateway, which is the host: also what has an address of the same subnet is behind
 * that. The interface is up by now, so that the subnet's own route is there to be replaced. @throws CniError
 */
export function routeByHost(sandbox: Sandbox, inner: Inner, { hops }: PtpAddressing): void {
  const requests = hops.flatMap(({ address, gateway }) => {
    const dst = { ip: networkOf(address), length: address.length };
    return [
      deleteSubnetRoute({ dst, oif: inner }),
      addSoleRoute({ dst: alone(gateway), oif: inner, scope: SCOPE_LINK, src: address.ip }),
      addSoleRoute({ dst, gateway, oif: inner, src: address.ip }),
    ];
  });
  const failures = sandbox.attempt(requests);
  const first = failures.findIndex((failure) => failure !== undefined);
  const hop = hops[Math.floor(first / 3)];
  if (hop) throw notRouted(inner.name, hop, failures[first]);
}

function notRouted(ifname: string, { address, gateway }: Hop, failure: unknown): CniError {
  const subnet = formatPrefix({ ip: networkOf(address), length: address.length });
  const message = `failed to route ${subnet} through ${formatIp(gateway)} on "${ifname}": ${messageOf(failure)}`;
  if (!isErrno(failure, EEXIST)) return new CniError(INTERNAL, message, "", failure);
  const remedy = `another address of the container has that gateway or subnet, or "routes" under "ipam" have a route to it, which ptp makes itself`;
  return new CniError(INVALID_CONFIG, message, remedy, failure);
}

/** Gives the host's end the gateways' addresses and the routes to the container's, and brings it up. @throws CniError */
export function openHost({ host, plan }: AddContext, { outer }: Veth, { hops }: PtpAddressing): void {
  const dev = { name: outer.name, index: outer.index };
  // Its routes are ours.
  host.enter((sysctls) => sysctls.tryWrite(`net/ipv6/conf/${outer.name}/accept_ra`, "0"));
  const up = [setAlias(dev, aliasOf(plan.owner)), setUp(dev)];
  const v6 = hops.filter(({ gateway }) => gateway.length === 16);
  const ways = (some: readonly Hop[]) =>
    some.flatMap(({ address, gateway }) => [
      addAddr(dev, alone(gateway), gateway.length === 16 ? IFA_F_NODAD : 0),
      addRoute({ dst: alone(address.ip), oif: dev, scope: SCOPE_HOST }),
    ]);
  const linkLocal = v6.length > 0 && hasUsualLinkLocal(outer) ? [addLinkLocal(dev, outer.mac)] : [];
  let failures = host.attempt([...linkLocal, ...up, ...ways(hops)]);
  if (v6.length > 0 && failures.some((failure) => isErrno(failure, EACCES))) {
    switchOnIpv6(host, outer);
    const again = host.attempt([...linkLocal, ...ways(v6)]);
    failures = [...failures.filter((failure) => !isErrno(failure, EACCES)), ...again];
  }
  const [failure] = failures.filter((one) => one !== undefined);
  if (failure) throw host.findLink(outer.index) ? notOpened(outer, failure) : vanished(outer.name, false);
}

/**
 * Who forwards asks for a neighbour in the name of its link-local address, and not at all while that is tentative: the first
 * seconds. One that can be known is better added before the kernel adds it.
 */
function hasUsualLinkLocal({ addrGenMode }: Link): boolean {
  return addrGenMode === IN6_ADDR_GEN_MODE_EUI64;
}

/** The machine has it off for new interfaces. */
function switchOnIpv6(host: Host, { name }: Link): void {
  const key = `net/ipv6/conf/${name}/disable_ipv6`;
  host.enter((sysctls) => {
    if (sysctls.read(key) === undefined) {
      throw new CniError(INTERNAL, `there is no sysctl ${key.replaceAll("/", ".")}`, NO_IPV6);
    }
    sysctls.write(key, "0");
  });
}

function notOpened({ name }: Link, failure: unknown): CniError {
  const message = `failed to set up the host's end "${name}": ${messageOf(failure)}`;
  if (!isErrno(failure, EEXIST)) return new CniError(INTERNAL, message, "", failure);
  return new CniError(INVALID_CONFIG, message, "two addresses of the container have one gateway", failure);
}

/** As long as bridge waits for a port. */
const RUNNING_MS = 2550;

/**
 * Waits until both ends can send and know their addresses. The kernel's workers see to that after the host's is up: they run
 * one end after the other, and take up an IPv6 address some time after it was added. What does not come to it is no reason to
 * fail: the container may be gone, or have set its end down.
 */
export function awaitRunning(host: Host, outer: Link, sandbox: Sandbox, inner: Inner, { hops }: PtpAddressing): void {
  const runs = ({ operstate }: Link) => operstate === "up";
  sandbox.awaitLink(inner.name, runs, RUNNING_MS);
  host.awaitLink(outer.name, runs, RUNNING_MS);
  for (const { address, gateway } of hops) {
    if (gateway.length !== 16) continue;
    awaitOwn(sandbox, { dev: inner, ip: address.ip });
    awaitOwn(host, { dev: outer, ip: gateway });
    if (hasUsualLinkLocal(outer)) awaitOwn(host, { dev: outer, ip: linkLocalOf(outer.mac) });
  }
}

/** When the kernel has made the route of an IPv6 address, it has also joined the group by which that is asked for. */
function awaitOwn(where: Namespace, own: Own): void {
  const deadline = sys.monotonic() + RUNNING_MS;
  for (let pause = 1; !where.ask((rtnl) => isOwn(rtnl, own)); pause = Math.min(2 * pause, 50)) {
    if (sys.monotonic() > deadline) return;
    sys.sleep(pause);
  }
}
