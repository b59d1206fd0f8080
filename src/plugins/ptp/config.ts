import { berthLeftSchema, registerSchema } from "../../features/register/wish.ts";
import { assertPluginName, commonKeys } from "../../spec/config.ts";
import { boolean, decode, goObject, int, string } from "../../spec/decode.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
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

/** The ptp plugin's configuration, checked, with its defaults. */
export interface PtpConfig extends VethConfig {
  /** Type of the IPAM plugin: without addresses there is nothing to route. */
  readonly ipam: string;
}

/** What an ADD reads. As the reference's, it knows no runtimeConfig and no args but for what is to be registered. */
export const schema = goObject({
  ...commonKeys,
  ipMasq: boolean,
  ipMasqBackend: string,
  mtu: int,
  berth: goObject({ register: registerSchema }),
});

/** What a DEL reads. */
export const remainsSchema = goObject({
  ipam: goObject({ type: string }),
  ipMasq: boolean,
  ipMasqBackend: string,
  berth: berthLeftSchema,
});

/** Reads a call's configuration. @throws CniError 6 for a wrong type, 7 for an invalid value or without `ipam.type` */
export function readConfig(call: Pick<Call, "config" | "env">): PtpConfig {
  const { mtu = 0, dns = {}, prevResult, ...raw } = decode(schema, call.config);
  const ipam = raw.ipam?.type ?? "";
  assertPluginName(ipam, "ipam.type");
  if (ipam === "") {
    throw new CniError(
      INVALID_CONFIG,
      "no plugin name provided: ipam.type is missing",
      'ptp routes to the addresses that an IPAM plugin gives: "ipam": {"type": "host-local", …}',
    );
  }
  return {
    common: { ipamType: ipam, dns, ...(prevResult && { prevResult }) },
    ipam,
    wishes: withRegister(wishesOf(raw, ipam, backendOf), call, raw.berth?.register, ipam),
    mtu: mtuOf(mtu, "a veth has"),
    enabledad: false,
  };
}

/** A configuration that no ADD can have accepted left nothing: it counts as one without IPAM. */
export function readRemains(config: unknown): Remains {
  const given = readLeft(remainsSchema, config);
  const ipam = given.ipam?.type || undefined;
  const wishes = withRegisterLeft(wishesOf(given, ipam, knownBackend), given.berth);
  return { ipam, wishes };
}
