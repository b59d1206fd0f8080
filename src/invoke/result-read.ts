/**
 * Reading results as libcni does: into Go's structs, so that a member that it does not know is dropped, and out of them
 * again, in their order, empty members left out. (spec/result-parse.ts reads what a plugin of ours is given, and keeps what a
 * plugin needs; here the bytes are what counts.)
 */
import { formatIp, formatPrefix, parseIp, parsePrefix } from "../base/ip.ts";
import { CniError, DECODING_FAILURE, INCOMPATIBLE_VERSION } from "../spec/errors.ts";
import {
  type GoType,
  type GoValue,
  int,
  list,
  mustDecode,
  selfDecoding,
  selfReading,
  struct,
  text,
} from "./go/decode.ts";
import { encodeJson, inOwnOrder, parseJson } from "./go/json.ts";
import { quoteGo } from "./go/quote.ts";
import { is100, type NetworkResult, type Result020, type Result040, type Result100, type ResultDns } from "./result.ts";

const cidr = selfDecoding(text, (value = "") => {
  const parsed = parsePrefix(value);
  if (parsed === undefined) throw new Error(`invalid CIDR address: ${value}`);
  return formatPrefix(parsed);
});

const address = selfReading("net.IP", (value) => {
  const parsed = parseIp(value);
  if (parsed === undefined) throw new Error(`invalid IP address: ${value}`);
  return formatIp(parsed);
});

/** How Go writes a prefix that nobody gave. */
const NO_PREFIX = "<nil>";

const texts = list(text, "[]string");

const dns = struct("types.DNS", { nameservers: texts, domain: text, search: texts, options: texts });

const route = selfDecoding(
  struct("types.route", { dst: cidr, gw: address, mtu: int, advmss: int, priority: int, table: int, scope: int }),
);

const ip020 = selfDecoding(
  struct("types020.ipConfig", { ip: cidr, gateway: address, routes: list(route, "[]types.Route") }),
);

const result020 = struct("types020.Result", { cniVersion: text, ip4: pointer(ip020), ip6: pointer(ip020), dns });

const interface040 = struct("types040.Interface", { name: text, mac: text, sandbox: text });

const ip040 = selfDecoding(
  struct("types040.ipConfig", { version: text, interface: int, address: cidr, gateway: address }),
);

const routes = list(pointer(route), "[]*types.Route");

const result040 = struct("types040.Result", {
  cniVersion: text,
  interfaces: list(interface040, "[]*types040.Interface"),
  ips: list(pointer(ip040), "[]*types040.IPConfig"),
  routes,
  dns,
});

const interface100 = struct("types100.Interface", {
  name: text,
  mac: text,
  mtu: int,
  sandbox: text,
  socketPath: text,
  pciID: text,
});

const ip100 = selfDecoding(struct("types100.ipConfig", { interface: int, address: cidr, gateway: address }));

const result100 = struct("types100.Result", {
  cniVersion: text,
  interfaces: list(interface100, "[]*types100.Interface"),
  ips: list(pointer(ip100), "[]*types100.IPConfig"),
  routes,
  dns,
});

/** A pointer to what decodes itself: null is none. */
function pointer<T>({ takesNull, ...type }: GoType<T>): GoType<T> {
  return type;
}

/** One row for each shape: the versions that it is for, and how it is read. */
const SHAPES = [
  { versions: ["", "0.1.0", "0.2.0"], read: read020 },
  { versions: ["0.3.0", "0.3.1", "0.4.0"], read: read040 },
  { versions: ["1.0.0", "1.1.0"], read: read100 },
] as const;

/** A JSON value as a result of `version`. @throws CniError 1 for a version that is unknown or another's, 6 for what is no result */
export function resultOf(version: string, json: unknown): NetworkResult {
  const shape = SHAPES.find(({ versions }) => (versions as readonly string[]).includes(version));
  if (shape === undefined) {
    throw new CniError(INCOMPATIBLE_VERSION, `unsupported CNI result version ${quoteGo(version)}`);
  }
  const result = shape.read(json);
  if ((shape.versions as readonly string[]).includes(result.cniVersion)) {
    return (result.cniVersion as string) === "" ? ({ ...result, cniVersion: "0.1.0" } as NetworkResult) : result;
  }
  const words = `result type supports [${shape.versions.join(" ")}] but unmarshalled CNIVersion is`;
  throw new CniError(INCOMPATIBLE_VERSION, `${words} ${quoteGo(result.cniVersion)}`);
}

const versioned = struct("", { cniVersion: text });

/** What a configuration or a result says of its version: "0.1.0" where that is nothing. @throws CniError 6 */
export function versionOf(json: unknown): string {
  return mustDecode(versioned, json, "decoding version from network config")?.cniVersion || "0.1.0";
}

/** A result that says itself what version it is. @throws CniError as resultOf, and 6 for what is no JSON */
export function resultOfText(json: string): NetworkResult {
  const value = parsed(json, "decoding version from network config");
  return resultOf(versionOf(value), value);
}

/** The JSON value of a text. @throws CniError 6 with `context` before Go's words, its cause a JsonError that says where */
export function parsed(json: string, context: string): unknown {
  try {
    return parseJson(json);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new CniError(DECODING_FAILURE, `${context}: ${words}`, "", error);
  }
}

/** The result for a place in a JSON text: with members in the order in which libcni has them. */
export function inOrder(result: NetworkResult): unknown {
  return is100(result) ? result : inOwnOrder(result);
}

/** The text of a result, without spaces. */
export function encodeResult(result: NetworkResult): string {
  return encodeJson(inOrder(result));
}

function read020(json: unknown): Result020 {
  const { cniVersion = "", ip4, ip6, dns } = mustDecode(result020, json) ?? {};
  return written({
    cniVersion: cniVersion as Result020["cniVersion"],
    ip4: ip4 && written020(ip4),
    ip6: ip6 && written020(ip6),
    dns: writtenDns(dns),
  });
}

function written020({ ip = NO_PREFIX, gateway, routes }: GoValue<typeof ip020>) {
  return written({ ip, gateway, routes: some(routes?.map((one) => writtenRoute(one ?? {}))) });
}

function read040(json: unknown): Result040 {
  const { cniVersion = "", interfaces, ips, routes, dns } = mustDecode(result040, json) ?? {};
  return written({
    cniVersion: cniVersion as Result040["cniVersion"],
    interfaces: each(interfaces, ({ name = "", mac, sandbox }) => ({ name, mac: some(mac), sandbox: some(sandbox) })),
    ips: each(ips, ({ version = "", interface: index, address = NO_PREFIX, gateway }) => ({
      version,
      interface: index,
      address,
      gateway,
    })),
    routes: each(routes, writtenRoute),
    dns: writtenDns(dns),
  });
}

function read100(json: unknown): Result100 {
  const { cniVersion = "", interfaces, ips, routes, dns } = mustDecode(result100, json) ?? {};
  const resolver = writtenDns(dns);
  return written({
    cniVersion: cniVersion as Result100["cniVersion"],
    interfaces: each(interfaces, ({ name = "", mac, mtu, sandbox, socketPath, pciID }) => ({
      name,
      mac: some(mac),
      mtu: some(mtu),
      sandbox: some(sandbox),
      socketPath: some(socketPath),
      pciID: some(pciID),
    })),
    ips: each(ips, ({ interface: index, address = NO_PREFIX, gateway }) => ({ interface: index, address, gateway })),
    routes: each(routes, writtenRoute),
    dns: Object.keys(resolver).length > 0 ? resolver : undefined,
  });
}

function writtenRoute({ dst = NO_PREFIX, gw, mtu, advmss, priority, table, scope }: GoValue<typeof route>) {
  return written({ dst, gw, mtu: some(mtu), advmss: some(advmss), priority: some(priority), table, scope });
}

function writtenDns({ nameservers, domain, search, options }: GoValue<typeof dns> = {}): ResultDns {
  const lines = (texts: readonly (string | undefined)[] | undefined) => some(texts?.map((line) => line ?? ""));
  return written({
    nameservers: lines(nameservers),
    domain: some(domain),
    search: lines(search),
    options: lines(options),
  });
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without what is undefined. */
export function written<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as Defined<T>;
}

/** What Go writes of a member that may be left out: neither "" nor 0 nor an empty list. */
export function some<T extends string | number | readonly unknown[]>(value: T | undefined): T | undefined {
  return value === undefined || value === "" || value === 0 || (Array.isArray(value) && value.length === 0)
    ? undefined
    : value;
}

/** A slice of pointers, each member written; a null among them, of which Go makes nothing, stays. */
function each<T, U extends object>(
  items: readonly (T | undefined)[] | undefined,
  write: (item: T) => U,
): Defined<U>[] | undefined {
  return some(items?.map((item) => (item === undefined ? (null as unknown as Defined<U>) : written(write(item)))));
}
