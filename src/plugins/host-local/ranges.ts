/** The addresses that a network may hand out: ranges, grouped into sets of which each gives one address to an attachment. */
import {
  compareIp,
  equalIp,
  formatIp,
  formatPrefix,
  type Ip,
  lastOf,
  networkOf,
  nextIp,
  type Prefix,
  prefixContains,
  previousIp,
} from "../../base/ip.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import { firstOverlap } from "./search.ts";

/** A range as the configuration writes it. */
export interface RangeConfig {
  readonly subnet?: Prefix;
  readonly rangeStart?: Ip;
  readonly rangeEnd?: Ip;
  readonly gateway?: Ip;
}

/** Addresses `start` to `end`, both included, all inside `subnet` and of one family. */
export interface Range {
  readonly subnet: Prefix;
  readonly start: Ip;
  readonly end: Ip;
  /** In the subnet; never handed out from this range, which it may lie outside of. */
  readonly gateway: Ip;
}

/** Ranges of one family that do not overlap; never empty. */
export type RangeSet = readonly Range[];

/** A set as configured. */
export interface RangeSetConfig {
  /** The key that it came from ("ipam.ranges[0]"), for messages. */
  readonly path: string;
  readonly ranges: readonly RangeConfig[];
  /** The set is the one range whose keys stand under `path` itself, and not a list. */
  readonly single?: boolean;
}

/**
 * Validates the sets in the reference's order and fills in its defaults.
 * @throws CniError INVALID_CONFIG with the reference's text; the details name the key and what would be accepted
 */
export function rangeSets(configs: readonly RangeSetConfig[], cniVersion: string): RangeSet[] {
  if (configs.length === 0) {
    throw invalid("no IP ranges specified", 'give ipam.ranges, for example [[{"subnet": "10.1.2.0/24"}]]');
  }
  const sets = configs.map((config, index) => rangeSet(config, `invalid range set ${index}: `));
  checkOnePerFamily(sets, cniVersion);
  const pair = sets.length > 1 ? firstOverlap(sets) : undefined;
  if (!pair) return sets;
  const keys = pair.map((i) => configs[i]).map((one) => (one?.single ? `${one.path}.subnet` : one?.path));
  const details = `${keys.join(" and ")} hand out the same addresses: move one of them`;
  throw invalid(`range set ${pair[0]} overlaps with ${pair[1]}`, details);
}

/** Whether `ip` is of the range's family and between its ends, and so in its subnet. */
export function rangeContains({ start, end }: Range, ip: Ip): boolean {
  return compareIp(start, ip) <= 0 && compareIp(ip, end) <= 0;
}

/** The range of the set that `ip` lies in; undefined when none does. */
export function rangeOf(set: RangeSet, ip: Ip): Range | undefined {
  return set.find((range) => rangeContains(range, ip));
}

/** `10.1.2.1-10.1.2.254,10.1.3.9-10.1.3.20`, as the reference prints a set. */
export function formatSet(set: RangeSet): string {
  return set.map(formatRange).join(",");
}

/** How many addresses the set can hand out. Approximate above 2^53. */
export function capacityOf(set: RangeSet): number {
  let total = 0;
  for (const range of set) {
    total += distance(range.start, range.end) + 1;
    if (rangeContains(range, range.gateway)) total -= 1;
  }
  return total;
}

function formatRange(range: Range): string {
  return `${formatIp(range.start)}-${formatIp(range.end)}`;
}

/** Byte by byte: the difference of two IPv6 addresses as numbers would be lost in their size. */
function distance(from: Ip, to: Ip): number {
  return to.reduce((value, byte, i) => value * 256 + byte - (from[i] ?? 0), 0);
}

function rangeSet(config: RangeSetConfig, prefix: string): RangeSet {
  if (config.ranges.length === 0) {
    throw invalid(`${prefix}empty range set`, `${config.path} has no range: add one with a subnet, or remove the set`);
  }
  const set: Range[] = [];
  config.ranges.forEach((rangeConfig, index) => {
    set.push(range(rangeConfig, config.single ? config.path : `${config.path}[${index}]`, prefix));
    if (set[0]?.start.length !== set[index]?.start.length) {
      const details = `${config.path} mixes IPv4 and IPv6: put each family into a set of its own`;
      throw invalid(`${prefix}mixed address families`, details);
    }
  });
  const pair = set.length > 1 ? firstOverlap(set.map((one) => [one])) : undefined;
  if (!pair) return set;
  const [a, b] = pair.map((i) => formatRange(set[i] as Range));
  const details = `${config.path}: set rangeStart and rangeEnd so that no address is in both`;
  throw invalid(`${prefix}subnets ${a} and ${b} overlap`, details);
}

function range(config: RangeConfig, path: string, prefix: string): Range {
  const subnet = subnetOf(config.subnet, path, prefix);
  const { gateway: givenGateway, rangeStart: givenStart, rangeEnd: givenEnd } = config;
  const gateway = givenGateway ?? nextIp(subnet.ip);
  if (givenGateway && !prefixContains(subnet, gateway)) {
    const details = `${path}.gateway must be an address of the subnet`;
    throw invalid(`${prefix}gateway ${formatIp(gateway)} not in network ${formatPrefix(subnet)}`, details);
  }
  const start = givenStart ?? nextIp(subnet.ip);
  const afterEnd = givenEnd?.length === start.length && compareIp(start, givenEnd) > 0;
  if (givenStart && (!prefixContains(subnet, start) || afterEnd)) {
    const details = `${path}.rangeStart must lie in the subnet and not after rangeEnd`;
    throw invalid(`${prefix}RangeStart ${formatIp(start)} not in network ${formatPrefix(subnet)}`, details);
  }
  const end = givenEnd ?? (subnet.ip.length === 4 ? previousIp(lastOf(subnet)) : lastOf(subnet));
  if (givenEnd && (!prefixContains(subnet, end) || compareIp(end, start) < 0)) {
    const details = `${path}.rangeEnd must lie in the subnet and not before rangeStart`;
    throw invalid(`${prefix}RangeEnd ${formatIp(end)} not in network ${formatPrefix(subnet)}`, details);
  }
  if (givenStart && compareIp(start, end) > 0) {
    const message = `RangeStart ${formatIp(start)} is after RangeEnd ${formatIp(end)} in network ${formatPrefix(subnet)}`;
    throw invalid(prefix + message, `without ${path}.rangeEnd the range ends there: lower rangeStart, or set rangeEnd`);
  }
  return { subnet, start, end, gateway };
}

function subnetOf(subnet: Prefix | undefined, path: string, prefix: string): Prefix {
  if (subnet === undefined) throw invalid(`${prefix}IP <nil> not v4 nor v6`, `${path}.subnet is missing`);
  const bits = subnet.ip.length * 8;
  if (subnet.length > bits - 2) {
    const details = `${path}.subnet must be /${bits - 2} or shorter`;
    throw invalid(`${prefix}Network ${formatPrefix(subnet)} too small to allocate from`, details);
  }
  const first = networkOf(subnet);
  if (!equalIp(first, subnet.ip)) {
    const text = `For a subnet mask of length ${subnet.length} the network address is ${formatIp(first)}`;
    const details = `${path}.subnet: write ${formatIp(first)}/${subnet.length}`;
    throw invalid(`${prefix}Network has host bits set. ${text}`, details);
  }
  return subnet;
}

/** Results before 0.3.0 have room for one address of each family. */
function checkOnePerFamily(sets: readonly RangeSet[], cniVersion: string): void {
  if (cniVersion !== "" && cniVersion !== "0.1.0" && cniVersion !== "0.2.0") return;
  const v4 = sets.filter((set) => set[0]?.start.length === 4).length;
  if (v4 <= 1 && sets.length - v4 <= 1) return;
  throw invalid(`CNI version ${cniVersion} does not support more than 1 address per family`, "");
}

function invalid(message: string, details: string): CniError {
  return new CniError(INVALID_CONFIG, message, details);
}
