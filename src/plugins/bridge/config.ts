import type { Mac } from "../../base/mac.ts";
import { berthLeftSchema, REGISTER_ARGS, registerSchema } from "../../features/register/wish.ts";
import { parseArgs } from "../../spec/args.ts";
import { type NetConf, readNetConf } from "../../spec/config.ts";
import { array, boolean, decode, goObject, int, mac, string } from "../../spec/decode.ts";
import { assertIfname } from "../../spec/env.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { macOfArgs, stationMac } from "../../spec/station-mac.ts";
import {
  backendOf,
  knownBackend,
  mtuOf,
  type Remains,
  readLeft,
  wishesOf,
  withRegister,
  withRegisterLeft,
} from "../../veth/config.ts";
import type { VethConfig } from "../../veth/plan.ts";
import { type PortVlans, readPortVlans } from "./vlan.ts";

/** The bridge plugin's configuration, checked, with its defaults. */
export interface BridgeConfig extends VethConfig {
  /** Name of the bridge. */
  readonly bridge: string;
  /** The bridge carries the gateway's address and the machine forwards. */
  readonly isGateway: boolean;
  /** The containers' default route leads to it. */
  readonly isDefaultGateway: boolean;
  /** Addresses on the bridge that are in the way are removed. */
  readonly forceAddress: boolean;
  /** Absent: the bridge need not know VLANs. */
  readonly vlans?: PortVlans;
  readonly hairpinMode: boolean;
  readonly promiscMode: boolean;
  readonly portIsolation: boolean;
  /** The container's interface is left down. */
  readonly disableContainerInterface: boolean;
  /** A container's only address, an IPv4 one, gives its MAC address (announce.ts). */
  readonly macFromAddress: boolean;
}

export const DEFAULT_BRIDGE = "cni0";

/** The keys of its own. */
export const schema = goObject({
  bridge: string,
  isGateway: boolean,
  isDefaultGateway: boolean,
  forceAddress: boolean,
  ipMasq: boolean,
  ipMasqBackend: string,
  mtu: int,
  hairpinMode: boolean,
  promiscMode: boolean,
  vlan: int,
  vlanTrunk: array(goObject({ id: int, minID: int, maxID: int })),
  preserveDefaultVlan: boolean,
  macspoofchk: boolean,
  enabledad: boolean,
  disableContainerInterface: boolean,
  portIsolation: boolean,
  berth: goObject({ macFromAddress: boolean, register: registerSchema }),
});

/** What a DEL reads. */
export const remainsSchema = goObject({
  bridge: string,
  ipam: goObject({ type: string }),
  ipMasq: boolean,
  ipMasqBackend: string,
  macspoofchk: boolean,
  berth: berthLeftSchema,
});

/**
 * Reads a call's configuration.
 * @throws CniError 6 for a wrong type, 7 for an invalid value or combination, 4 for an invalid
 *   MAC in CNI_ARGS
 */
export function readConfig(call: Call): BridgeConfig {
  const common = readNetConf(call.config);
  const { bridge = DEFAULT_BRIDGE, mtu = 0, isDefaultGateway = false, ...raw } = decode(schema, call.config);
  assertBridgeName(bridge);
  const isGateway = raw.isGateway === true || isDefaultGateway;
  const vlans = raw.vlan || raw.vlanTrunk ? readPortVlans(raw, isGateway ? bridge : undefined) : undefined;
  const { register } = raw.berth ?? {};
  const requestedMac = requestMac(call, common, register ? REGISTER_ARGS : []);
  const config: BridgeConfig = {
    common,
    bridge,
    mtu: mtuOf(mtu, "a bridge and a veth have"),
    isDefaultGateway,
    isGateway,
    forceAddress: raw.forceAddress ?? false,
    wishes: withRegister(wishesOf(raw, common.ipamType, backendOf), call, register, common.ipamType),
    ...(vlans && { vlans }),
    hairpinMode: raw.hairpinMode ?? false,
    promiscMode: raw.promiscMode ?? false,
    portIsolation: raw.portIsolation ?? false,
    enabledad: raw.enabledad ?? false,
    disableContainerInterface: raw.disableContainerInterface ?? false,
    ...(requestedMac && { mac: requestedMac }),
    macFromAddress: raw.berth?.macFromAddress ?? true,
  };
  assertCombination(config);
  return config;
}

/** A configuration that no ADD can have accepted left nothing: it counts as one without IPAM. */
export function readRemains(config: unknown): Remains {
  const given = readLeft(remainsSchema, config);
  const { bridge = DEFAULT_BRIDGE, ipam } = given;
  const wishes = withRegisterLeft(wishesOf(given, ipam?.type, knownBackend), given.berth);
  return { bridge, ipam: ipam?.type || undefined, wishes };
}

function assertCombination(config: BridgeConfig): void {
  if (config.common.ipamType && config.disableContainerInterface) {
    throw new CniError(
      INVALID_CONFIG,
      "cannot use IPAM when DisableContainerInterface flag is set",
      'remove "ipam", or "disableContainerInterface": an interface that stays down cannot carry addresses',
    );
  }
  if (config.hairpinMode && config.promiscMode) {
    throw new CniError(
      INVALID_CONFIG,
      "cannot set hairpin mode and promiscuous mode at the same time",
      'set only one of "hairpinMode" and "promiscMode": either lets a container reach itself through the bridge',
    );
  }
}

function assertBridgeName(name: string): void {
  try {
    assertIfname(name);
  } catch (error) {
    const reason = error instanceof CniError ? error.message : String(error);
    throw new CniError(
      INVALID_CONFIG,
      `bridge: "${name}" is not an interface name: ${reason}`,
      "at most 15 bytes, without / : or spaces",
    );
  }
}

/** What it reads in `runtimeConfig` and in `args.cni`. */
export const macSchema = goObject({ mac: mac });

/** What in `args.cni` must be right also where it does not count. */
const macTextSchema = goObject({ mac: string });

/** runtimeConfig.mac, else args.cni.mac, else MAC in CNI_ARGS. */
function requestMac(call: Call, common: NetConf, others: readonly string[]): Mac | undefined {
  const fromArgs = parseArgs(call.env.args, ["MAC", ...others]).get("MAC");
  const { mac: ofRuntime } = decode(macSchema, common.runtimeConfig, "runtimeConfig");
  if (ofRuntime) {
    decode(macTextSchema, common.argsCni, "args.cni");
    return stationMac(ofRuntime, "runtimeConfig.mac");
  }
  const { mac: ofArgs } = decode(macSchema, common.argsCni, "args.cni");
  if (ofArgs) return stationMac(ofArgs, "args.cni.mac");
  return fromArgs ? stationMac(macOfArgs(fromArgs), "MAC in CNI_ARGS") : undefined;
}
