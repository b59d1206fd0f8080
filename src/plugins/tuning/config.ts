/** The configuration of tuning: what it means, checked before anything is touched. */
import { type Mac, parseMac } from "../../base/mac.ts";
import { parseArgs } from "../../spec/args.ts";
import { attachmentsSchema, commonKeys } from "../../spec/config.ts";
import { boolean, decode, goObject, int, mapOf, type Schema, string, text } from "../../spec/decode.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { quote } from "../../spec/quote.ts";
import type { Result } from "../../spec/result.ts";
import { parsePrevResult } from "../../spec/result-parse.ts";
import { macOfArgs, stationMac } from "../../spec/station-mac.ts";
import type { Attributes } from "./attributes.ts";
import { assertNoneTwice } from "./duplicates.ts";

/** A sysctl of the container's network namespace. */
export interface Setting {
  /** As it is configured: "net.ipv4.conf.IFNAME.arp_filter". */
  readonly name: string;
  /** Below /proc/sys: "net/ipv4/conf/eth0/arp_filter". */
  readonly path: string;
  readonly value: string;
}

/** What a container's interface and its namespace are to be like. */
export interface Tuning {
  readonly settings: readonly Setting[];
  readonly attributes: Attributes;
  /** Directory of the state files (state.ts). */
  readonly dataDir: string;
}

const DATA_DIR = "/run/cni/tuning";

/** A MAC address or "", which takes back what another key says. */
const macText: Schema<Mac | ""> = text(
  (written) => (written === "" ? "" : parseMac(written)),
  "a MAC address",
  "02:00:00:00:00:01",
);

const tuningKeys = {
  sysctl: mapOf(string),
  mac: macText,
  mtu: int,
  promisc: boolean,
  allmulti: boolean,
  txQLen: int,
};

/** What readTuning reads. */
export const schema = goObject({
  ...commonKeys,
  ...tuningKeys,
  dataDir: string,
  runtimeConfig: goObject({ mac: macText }),
  args: goObject({ cni: goObject(tuningKeys) }),
});

/** What GC reads; DEL reads dataDir of it. */
export const gcSchema = goObject({
  dataDir: string,
  "cni.dev/valid-attachments": attachmentsSchema,
  "cni.dev/attachments": attachmentsSchema,
});

/**
 * Reads a call's configuration. `args.cni` goes before the other keys, sysctl by sysctl; of MAC addresses then
 * `runtimeConfig.mac` and MAC in CNI_ARGS. All that is given is checked, whether it counts or not.
 * @throws CniError 4, 6 or 7 naming the key
 */
export function readTuning({ config, env, stdin }: Call): Tuning {
  const { sysctl = {}, args, runtimeConfig, dataDir, ...own } = decode(schema, config);
  assertNoneTwice(sysctl, stdin);
  const given = args?.cni ?? {};
  const ofEnv = parseArgs(env.args, ["MAC"]).get("MAC");
  const macs = [
    checkedMac(own.mac, "mac"),
    ofEnv && stationMac(macOfArgs(ofEnv), "MAC in CNI_ARGS"),
    checkedMac(runtimeConfig?.mac, "runtimeConfig.mac"),
  ];
  const mac = checkedMac(given.mac, "args.cni.mac") ?? macs.findLast((one) => one);
  assertNumbers(own, "");
  assertNumbers(given, "args.cni.");
  const mtu = given.mtu ?? own.mtu;
  const txqlen = given.txQLen ?? own.txQLen;
  const promisc = given.promisc ?? own.promisc;
  const allmulti = given.allmulti ?? own.allmulti;
  return {
    settings: Object.entries({ ...sysctl, ...given.sysctl }).map((entry) => setting(entry, env.ifname)),
    attributes: {
      ...(mac && { mac }),
      ...(promisc !== undefined && { promisc }),
      ...(mtu && { mtu }),
      ...(allmulti !== undefined && { allmulti }),
      ...(txqlen !== undefined && { txqlen }),
    },
    dataDir: dataDir || DATA_DIR,
  };
}

/** Where the state files are. A configuration that no ADD can have accepted left none: the usual place counts then. */
export function readDataDir(config: unknown): string {
  try {
    return decode(gcSchema, config).dataDir || DATA_DIR;
  } catch (error) {
    if (error instanceof CniError) return DATA_DIR;
    throw error;
  }
}

/** The result of the plugins before. @throws CniError */
export function readPrevResult({ config, version }: Call): Result {
  const { prevResult } = decode(schema, config);
  if (prevResult) return parsePrevResult(prevResult, version);
  throw new CniError(
    INVALID_CONFIG,
    "Required prevResult missing",
    "tuning changes an interface that a plugin before it in the list has made: put it after that",
  );
}

/** For which the kernel has room. */
const MTU_MAX = 2 ** 31 - 1;
const TXQLEN_MAX = 2 ** 32 - 1;

function assertNumbers({ mtu, txQLen }: { readonly mtu?: number; readonly txQLen?: number }, where: string): void {
  assertWithin(mtu, `${where}mtu`, MTU_MAX);
  assertWithin(txQLen, `${where}txQLen`, TXQLEN_MAX);
}

function assertWithin(value: number | undefined, key: string, max: number): void {
  if (value === undefined || (value >= 0 && value <= max)) return;
  throw new CniError(INVALID_CONFIG, `invalid ${key} ${value}`, `no interface has that: 0 to ${max} are possible`);
}

function checkedMac(mac: Mac | "" | undefined, key: string): Mac | "" | undefined {
  return mac && stationMac(mac, key);
}

/** Dots are slashes, so that nothing leads upwards; the first IFNAME is the interface. @throws CniError 7 for what is not below net */
function setting([name, value]: [string, string], ifname: string): Setting {
  const key = name.replaceAll(".", "/").replace("IFNAME", () => ifname);
  const parts = key.split("/").filter((part) => part !== "");
  if (parts[0] === "net" && parts.length > 1) return { name, path: parts.join("/"), value };
  throw new CniError(
    INVALID_CONFIG,
    `invalid net sysctl key: ${quote(key)}`,
    `sysctl ${quote(name)}: only those of a network namespace, which begin with net., can be set`,
  );
}
