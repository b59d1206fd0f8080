/** The configuration of host-local: what it means, checked before anything is touched. */
import { type Ip, parseIp, parsePrefix } from "../../base/ip.ts";
import { parseArgs } from "../../spec/args.ts";
import { array, decode, goObject, int, ip, prefix, string, text } from "../../spec/decode.ts";
import { CniError, INVALID_CONFIG, INVALID_ENVIRONMENT } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import type { Route } from "../../spec/result.ts";
import { parseResult, routeSchema, toRoute } from "../../spec/result-parse.ts";
import { type RangeSet, type RangeSetConfig, rangeSets } from "./ranges.ts";

/** Where a network's leases are, whatever is to be leased. */
export interface Place {
  /** The network's name. */
  readonly network: string;
  /** Directory of all networks; the leases are in `<dataDir>/<network>`. */
  readonly dataDir: string;
  /** How long to wait for the lock, in milliseconds. */
  readonly lockTimeout: number;
  /** Directory of the indexes (table.ts). */
  readonly indexDir: string;
}

/** What may be leased, and what goes into the result with it. */
export interface Pool {
  readonly sets: readonly RangeSet[];
  readonly routes: readonly Route[];
  /** Path of a resolv.conf for the result's `dns`; undefined: none. */
  readonly resolvConf: string | undefined;
}

const DATA_DIR = "/var/lib/cni/networks";
const INDEX_DIR = "/run/berth/index";
const LOCK_TIMEOUT_S = 25;

/** What readPlace reads. */
export const placeSchema = goObject({
  ipam: goObject({ dataDir: string }),
  berth: goObject({ lockTimeout: int, indexDir: string }),
});

/**
 * The place of the call's network: all that DEL needs, so that a changed or broken range never keeps an address.
 * @throws CniError 6 or 7 when `ipam.dataDir` or `berth` is not what it must be
 */
export function readPlace(config: unknown, network: string): Place {
  const { ipam = {}, berth = {} } = decode(placeSchema, config);
  const seconds = berth.lockTimeout ?? LOCK_TIMEOUT_S;
  if (seconds < 0) throw new CniError(INVALID_CONFIG, `berth.lockTimeout: ${seconds} is not a number of seconds`);
  const dataDir = ipam.dataDir || DATA_DIR;
  return { network, dataDir, lockTimeout: seconds * 1000, indexDir: berth.indexDir || INDEX_DIR };
}

const rangeSchema = goObject({ subnet: prefix, rangeStart: ip, rangeEnd: ip, gateway: ip });
const rangeSetsSchema = array(array(rangeSchema));

/** What readPool reads. */
export const poolSchema = goObject({
  ipam: goObject({
    // Not used, but the reference refuses what is not a name.
    type: string,
    ranges: rangeSetsSchema,
    subnet: prefix,
    rangeStart: ip,
    rangeEnd: ip,
    gateway: ip,
    routes: array(routeSchema),
    resolvConf: string,
  }),
  runtimeConfig: goObject({ ipRanges: rangeSetsSchema }),
});

/** The pool of the call's network; it has ranges unless there `mayBeNone` yet. @throws CniError 6 or 7 naming the key */
export function readPool(call: Call, mayBeNone = false): Pool {
  const { ipam, runtimeConfig } = decode(poolSchema, call.config);
  if (!ipam) throw new CniError(INVALID_CONFIG, "IPAM config missing 'ipam' key", "host-local reads its ranges there");
  const sets: RangeSetConfig[] = [];
  const add = (key: string) => (ranges: RangeSetConfig["ranges"], i: number) => {
    sets.push({ path: `${key}[${i}]`, ranges });
  };
  runtimeConfig?.ipRanges?.forEach(add("runtimeConfig.ipRanges"));
  if (ipam.subnet) sets.push({ path: "ipam", ranges: [ipam], single: true });
  ipam.ranges?.forEach(add("ipam.ranges"));
  return {
    sets: mayBeNone && sets.length === 0 ? [] : rangeSets(sets, call.version),
    routes: (ipam.routes ?? []).map((route, i) => toRoute(route, `ipam.routes[${i}]`)),
    resolvConf: ipam.resolvConf || undefined,
  };
}

/** Whether the runtime gives ranges with each container (the capability `ipRanges`), and so none in other calls. */
export function awaitsRanges(config: unknown): boolean {
  const { capabilities } = config as { capabilities?: { ipRanges?: unknown } | null };
  return capabilities?.ipRanges === true;
}

const wishedIps = array(text(parseWish, "an IP address", "10.1.2.3 or 10.1.2.3/24"));
/** What readWishes reads. */
export const wishSchema = goObject({
  args: goObject({ cni: goObject({ ips: wishedIps }) }),
  runtimeConfig: goObject({ ips: wishedIps }),
});

/**
 * The addresses that the caller asks for: from CNI_ARGS, `args.cni.ips` and `runtimeConfig.ips`, all of them; a prefix
 * length is ignored. Each once.
 * @throws CniError 4, 6 or 7
 */
export function readWishes(call: Call): Ip[] {
  const wishes: Ip[] = [];
  // Only IP is known here, so that the rest needs IgnoreUnknown as it does in the reference.
  const fromArgs = parseArgs(call.env.args, ["IP"]).get("IP");
  if (fromArgs) {
    const ip = parseWish(fromArgs);
    if (!ip) {
      const message = `ARGS: error parsing value of pair "IP=${fromArgs}": invalid IP address ${fromArgs}`;
      throw new CniError(INVALID_ENVIRONMENT, message, "expected IP=10.1.2.3 or IP=10.1.2.3/24");
    }
    wishes.push(ip);
  }
  const { args, runtimeConfig } = decode(wishSchema, call.config);
  const all = [...wishes, ...(args?.cni?.ips ?? []), ...(runtimeConfig?.ips ?? [])];
  return all.length > 1 ? [...new Map(all.map((ip) => [ip.join(), ip])).values()] : all;
}

/** The addresses that the call's prevResult names; none when it has none, or one that cannot be understood. */
export function namedAddresses({ config, version }: Call): Ip[] {
  const { prevResult } = config as { prevResult?: unknown };
  try {
    return prevResult ? parseResult(prevResult, version).ips.map(({ address }) => address.ip) : [];
  } catch (error) {
    if (error instanceof CniError) return [];
    throw error;
  }
}

/** Kubernetes "namespace/name" of the call's pod; undefined outside of Kubernetes. @throws CniError 4 */
export function readPod(call: Call): string | undefined {
  const args = parseArgs(call.env.args, ["IP", "K8S_POD_NAMESPACE", "K8S_POD_NAME"]);
  const namespace = args.get("K8S_POD_NAMESPACE");
  const name = args.get("K8S_POD_NAME");
  return namespace && name ? `${namespace}/${name}` : undefined;
}

function parseWish(value: string): Ip | undefined {
  return value.includes("/") ? parsePrefix(value)?.ip : parseIp(value);
}
