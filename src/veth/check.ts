import { equalIp, familyOf, formatIp, formatPrefix, type Ip, networkOf, type Prefix } from "../base/ip.ts";
import { formatMac } from "../base/mac.ts";
import { delegate } from "../delegate/delegate.ts";
import { wishedFeatures } from "../features/all.ts";
import type { Port } from "../features/attached.ts";
import type { Machine } from "../features/machine.ts";
import type { Host } from "../host/host.ts";
import type { Sandbox } from "../host/sandbox.ts";
import type { Link } from "../rtnl/read-link.ts";
import type { Route } from "../rtnl/route.ts";
import { AF_INET, AF_INET6 } from "../rtnl/tables.ts";
import { CniError, INTERNAL, INVALID_CONFIG } from "../spec/errors.ts";
import type { Call } from "../spec/plugin.ts";
import type { Interface, Result, Route as ResultRoute } from "../spec/result.ts";
import { parseResult } from "../spec/result-parse.ts";
import { ownerOf, prefixesOf, type VethConfig } from "./plan.ts";

/** Looks at the host's side as the result has it, then at the end of the container's interface `inner`, which it returns. */
export type CheckHost = (result: Result) => (inner: Link) => Link;

/**
 * Compares what the earlier result says of a container's link, and the rules, with the kernel, and has IPAM check its own.
 * @throws CniError naming the first difference
 */
export function checkVeth(call: Call, host: Machine, config: VethConfig, checkHost: CheckHost): void {
  const { ipamType, prevResult } = config.common;
  if (!prevResult) {
    throw new CniError(
      INVALID_CONFIG,
      "Required prevResult missing",
      "CHECK needs the result of the ADD: does the runtime keep its result cache?",
    );
  }
  const sandbox = host.openSandbox(call.env.netns);
  if (ipamType !== undefined) delegate(ipamType, "CHECK", call);
  const result = parseResult(prevResult, call.version, "prevResult");
  const checkOuter = checkHost(result);
  const inner = checkContainer(call, sandbox, result);
  const outer = checkOuter(inner);
  checkAddresses(sandbox, inner, result);
  checkRoutes(sandbox, result);
  checkRules(call, host, config, { name: outer.name, index: outer.index, mac: inner.mac }, result);
}

const ADD_AGAIN = "DEL and ADD the container again";

/** That something is not as the ADD made it. */
export function differs(message: string, details = ADD_AGAIN): CniError {
  return new CniError(INTERNAL, message, details);
}

/** Of a link and its entry in the result. @throws CniError */
export function assertMac(link: Link, entry: Interface, what: string): void {
  const mac = formatMac(link.mac);
  if (entry.mac && entry.mac.toLowerCase() !== mac)
    throw differs(`${what} Mac doesn't match: ${mac}`, `the result of ADD has ${entry.mac}`);
}

/** The container's interface is there, as its entry in the result has it. @throws CniError */
function checkContainer(call: Call, sandbox: Sandbox, result: Result): Link {
  const { ifname, netns } = call.env;
  const entry = result.interfaces.findLast((one) => one.name === ifname && one.sandbox);
  if (!entry)
    throw differs(`CNI created interface in container ${ifname} not found`, "prevResult has no such interface");
  if (entry.sandbox !== netns) {
    throw differs(`Sandbox in prevResult ${entry.sandbox} doesn't match configured netns: ${netns}`);
  }
  const link = sandbox.findLink(ifname);
  if (!link) throw differs(`Interface ${ifname} not found`, `it is missing from ${netns}`);
  if (link.kind !== "veth") throw differs(`Error: Container interface ${ifname} not of type veth`);
  assertMac(link, entry, `Interface ${ifname}`);
  return link;
}

/** The host's end of the container's interface; undefined where its peer is not in the host's namespace. */
export function outerOf(host: Host, { index, peer }: Link): Link | undefined {
  const other = host.findLink(peer);
  return other?.kind === "veth" && other.peer === index ? other : undefined;
}

/** @throws CniError for an address of the result that is not on the interface */
function checkAddresses(sandbox: Sandbox, inner: Link, result: Result): void {
  const addrs = sandbox.listAddrs(inner.index);
  for (const { address } of result.ips) {
    if (addrs.some(({ prefix }) => formatPrefix(prefix) === formatPrefix(address))) continue;
    throw differs(
      `Failed to match addr ${formatPrefix(address)} on interface ${inner.name}`,
      `it has ${addrs.map(({ prefix }) => formatPrefix(prefix)).join(", ") || "no address"}`,
    );
  }
}

/** The subnet of each address, and each route of the result, must be in a table of the container's. @throws CniError */
function checkRoutes(sandbox: Sandbox, result: Result): void {
  if (result.ips.length === 0 && result.routes.length === 0) return;
  const present = routesByDst(sandbox, result);
  for (const { address } of result.ips) {
    if (present.has(keyOf(address))) continue;
    const subnet = formatPrefix({ ip: networkOf(address), length: address.length });
    throw differs(`Failed to find Gateway ${subnet}`, "the route to the container's own subnet is missing");
  }
  for (const route of result.routes) {
    if (present.get(keyOf(route.dst))?.some((one) => leadsLike(one, route))) continue;
    throw differs(`Expected Route ${formatPrefix(route.dst)}${wayOf(route)} not found in routing table`);
  }
}

/** The container's routes of the families that the result has, by their destinations: there may be thousands. */
function routesByDst(sandbox: Sandbox, { ips, routes }: Result): Map<string, Route[]> {
  const families = new Set([...ips.map(({ address }) => address.ip), ...routes.map(({ dst }) => dst.ip)].map(familyOf));
  const present = new Map<string, Route[]>();
  for (const family of families) {
    for (const route of sandbox.listRoutes(family === 4 ? AF_INET : AF_INET6)) {
      const key = keyOf(route.dst);
      const others = present.get(key);
      if (others) others.push(route);
      else present.set(key, [route]);
    }
  }
  return present;
}

function keyOf(dst: Prefix): string {
  return `${networkOf(dst).join()}/${dst.length}`;
}

/**
 * Whether the kernel's route to the destination leads where the wanted one does. As in the reference, the gateway of a
 * default route is not compared: others may set their own.
 */
function leadsLike(route: Route, { dst, gw, table = 0 }: ResultRoute): boolean {
  if (table > 0 && route.table !== table) return false;
  if (!gw || dst.length === 0) return true;
  if (isOnLink(gw)) return !route.gateway && !route.hops;
  return [route.gateway, ...(route.hops ?? [])].some((hop) => hop && equalIp(hop, gw));
}

/** A gateway of zeros: the kernel takes 0.0.0.0 for none. */
function isOnLink(gw: Ip): boolean {
  return gw.every((byte) => byte === 0);
}

function wayOf({ gw }: ResultRoute): string {
  if (!gw) return "";
  return isOnLink(gw) ? " on the link" : ` via ${formatIp(gw)}`;
}

/** @throws CniError for rules that the configuration asks for and that are not there */
function checkRules(call: Call, machine: Machine, config: VethConfig, port: Port, result: Result): void {
  const attached = { owner: ownerOf(call), port, addresses: prefixesOf(result) };
  for (const { feature, wish } of wishedFeatures(config.wishes)) {
    const missing = feature.check(machine, wish, attached);
    if (missing === undefined) continue;
    throw differs(
      `${feature.what} is broken: ${missing}`,
      `something removed it (nft flush ruleset, a firewall reload): berth repair ${call.name} puts it back`,
    );
  }
}
