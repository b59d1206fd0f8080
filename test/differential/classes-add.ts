/** Intended differences of ADD. */
import type { Json } from "../support/command.ts";
import {
  differentEnd,
  endsWith,
  failed,
  isState,
  memberOf,
  onlyBerth,
  onlyReference,
  says,
  untouched,
} from "./class-words.ts";
import type { DifferenceClass, Pair } from "./classes.ts";
import type { Difference } from "./diff.ts";

const isFailedAdd = (pair: Pair) => pair.step.verb === "ADD" && failed(pair.berth) && failed(pair.reference);

/**
 * What others may already use and a failed ADD does not take back: leases' directory, bridge, gateway, forwarding, IPv6 on
 * the container's loopback.
 */
export function isShared({ path: [where, what, name = "", ...rest] }: Difference): boolean {
  if (where === "containers") return [name, ...rest].join() === "links,lo,sysctls,ipv6/conf/*/disable_ipv6";
  if (where === "files") return /^[^/]+(\/(lock|last_reserved_ip\.\d+))?$/.test(what ?? "");
  if (where !== "host") return false;
  if (what === "links") return rest.length === 0 || rest[0] === "addresses" || isForwarding(rest);
  return what === "routes" || isForwarding([name]);
}

const isForwarding = (path: readonly string[]) => /forwarding|ip_forward/.test(path.at(-1) ?? "");

/** On both sides the bridge stays, but the reference's has a port. */
function isBridgeOfNobody({ path: [where, what, , key = ""], berth, reference }: Difference): boolean {
  if (where !== "host" || what !== "links" || berth === undefined || reference === undefined) return false;
  return /^(flags|operstate|mac|mtu)$/.test(key);
}

/** The bridge that berth made for an earlier ADD, with no port any more. */
function isOwnEmptyBridge({ conf, berth }: Pair): boolean {
  const { links } = berth.before.host;
  const name = conf.bridge ?? "cni0";
  return /^berth/.test(links[name]?.ifalias) && !Object.values(links).some((link) => (link as Json).master === name);
}

/** Whether the bridge had the gateway's address already, or that is one of those that each link has one of. */
function isAmongAddresses(pair: Pair, gateway: string): boolean {
  return gateway.startsWith("fe80:") || gateway in addressesOf(pair, "before");
}

/** The reference's bridge's. */
function addressesOf({ conf, reference }: Pair, when: "before" | "after"): Json {
  return reference[when].host.links[memberOf(conf, "bridge") ?? "cni0"]?.addresses ?? {};
}

const hasNull = (conf: Json) => JSON.stringify(conf).includes(":null");
/** An IPv4 address of the static plugin whose gateway is an IPv6 address. */
const hasStrangeGateway = (conf: Json) => /"address":"10\.[\d./]+"[^}]*"gateway":"fd77:/.test(JSON.stringify(conf));
const portOf = ({ guest, ifname = "eth0" }: Pair["step"]) => `port(c${guest} ${ifname})`;

export const ADD: readonly DifferenceClass[] = [
  {
    name: "failed-add-leaves-nothing",
    cosmetic: false,
    explains: (d, pair) => isFailedAdd(pair) && isState(d) && (untouched(d, pair.berth) || isBridgeOfNobody(d)),
  },
  {
    name: "shared-parts-first",
    cosmetic: false,
    explains: (d, pair) => isFailedAdd(pair) && isShared(d) && (isForwarding(d.path) || untouched(d, pair.reference)),
  },
  differentEnd(
    "stale-gateway-replaced",
    "ADD",
    (pair) =>
      onlyBerth(pair) && says(pair.reference, /already has an IP address different from/) && isOwnEmptyBridge(pair),
  ),
  differentEnd(
    "gateway-among-others",
    "ADD",
    (pair) =>
      onlyBerth(pair) &&
      says(pair.reference, /already has an IP address different from/) &&
      isAmongAddresses(pair, / different from (\S+)/.exec(pair.reference.answer.message ?? "")?.[1] ?? ""),
  ),
  {
    name: "gateway-among-others",
    cosmetic: false,
    // With forceAddress the reference removes what is listed before it, and berth nothing.
    explains: (d, pair) =>
      pair.step.verb === "ADD" &&
      memberOf(pair.conf, "forceAddress") === true &&
      d.reference === undefined &&
      (d.path[1] === "routes" || (endsWith(d, "addresses", "*") && untouched(d, pair.berth))) &&
      Object.keys(addressesOf(pair, "before")).some((one) => one in addressesOf(pair, "after")),
  },
  differentEnd(
    "ipv6-switched-on",
    "ADD",
    (pair) =>
      onlyBerth(pair) &&
      says(
        pair.reference,
        pair.one.plugin === "ptp"
          ? /failed to add IP addr .* to veth: permission denied/
          : /could not add IP address \S*:\S* to .*: permission denied/,
      ),
  ),
  {
    name: "ipv6-switched-on",
    cosmetic: false,
    // Both ADDs fail, and the reference's before it came to the bridge's address.
    explains: (d, pair) =>
      isFailedAdd(pair) &&
      d.path[0] === "host" &&
      d.path[1] === "links" &&
      d.path.at(-1) === "ipv6/conf/*/disable_ipv6" &&
      d.berth === "0" &&
      d.reference === "1",
  },
  differentEnd(
    "default-route-without-gateway",
    "ADD",
    (pair) =>
      onlyBerth(pair) &&
      memberOf(pair.conf, "isDefaultGateway") === true &&
      says(pair.reference, /failed to add route .*file exists/),
  ),
  differentEnd(
    "route-without-destination",
    "ADD",
    (pair) => onlyReference(pair) && says(pair.berth, /routes\[\d+\]\.dst is missing/),
  ),
  differentEnd(
    "own-lease-again",
    "ADD",
    (pair) =>
      onlyBerth(pair) &&
      says(pair.reference, /duplicate allocation is not allowed|requested IP address .* is not available/) &&
      pair.berth.before.host.links[portOf(pair.step)] === undefined,
  ),
  differentEnd(
    "null-is-absent",
    "ADD",
    (pair) =>
      onlyBerth(pair) &&
      ((says(pair.reference, /invalid CIDR address: ?$/) && hasNull(pair.conf)) ||
        (says(pair.reference, /unknown ipmasq backend ""/) && pair.conf.ipMasqBackend === "")),
  ),
  {
    name: "null-is-absent",
    cosmetic: false,
    // berth's CHECK comes as far as to look for the lease, for which it makes the store as the reference's does.
    explains: (d, pair) =>
      pair.step.verb === "CHECK" &&
      failed(pair.berth) &&
      says(pair.reference, /invalid CIDR address: ?$/) &&
      hasNull(pair.conf) &&
      d.path[0] === "files" &&
      isShared(d),
  },
  {
    name: "gateway-of-other-family",
    cosmetic: false,
    explains: (d, pair) =>
      pair.step.verb === "ADD" &&
      !failed(pair.berth) &&
      hasStrangeGateway(pair.conf) &&
      (failed(pair.reference)
        ? says(pair.reference, /already has an IP address different from/)
        : d.path[0] === "host"),
  },
];
