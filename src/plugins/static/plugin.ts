import { equalIp, formatIp } from "../../base/ip.ts";
import { anyObject, decode, goObject, itemBoolean, mapOf } from "../../spec/decode.ts";
import { CniError, INTERNAL, INVALID_CONFIG } from "../../spec/errors.ts";
import type { AddOutcome, Call, Handlers } from "../../spec/plugin.ts";
import { parsePrevResult } from "../../spec/result-parse.ts";
import { awaitsIps, readGiven } from "./config.ts";

/** Gives the addresses that the configuration or the runtime names. It keeps nothing: DEL and GC have nothing to do. */
export const plugin = {
  ADD: add,
  CHECK: check,
  STATUS: status,
} satisfies Handlers;

/** @throws CniError */
function add(call: Call): AddOutcome {
  const given = readGiven(call);
  vet(call, given);
  return { result: { interfaces: [], ...given } };
}

/** Where an address has no gateway, the upper plugin takes the subnet's first address for it, or has none. */
function vet(call: Call, { ips, routes }: ReturnType<typeof readGiven>): void {
  call.vet?.({ sets: ips.map(({ address, gateway }) => [{ subnet: address, gateway }]), routes });
}

/** What CHECK reads besides what an ADD does. */
export const checkSchema = goObject({ prevResult: anyObject, capabilities: mapOf(itemBoolean) });

/**
 * Checks that each address has the gateway in prevResult that was named for it. As in the reference, one that prevResult does
 * not have is no fault: the configuration may have changed since.
 * @throws CniError naming the first address
 */
function check(call: Call): void {
  const { ips } = readGiven(call);
  const { prevResult } = decode(checkSchema, call.config);
  if (!prevResult) {
    const details = "CHECK needs the result of the ADD: does the runtime keep its result cache?";
    throw new CniError(INVALID_CONFIG, "Required prevResult missing", details);
  }
  const result = parsePrevResult(prevResult, call.version);
  for (const { address, gateway } of ips) {
    const there = result.ips.find((one) => equalIp(one.address.ip, address.ip));
    if (!there || !gateway || (there.gateway && equalIp(there.gateway, gateway))) continue;
    throw new CniError(
      INTERNAL,
      `static: Failed to match addr ${formatIp(address.ip)} on interface ${call.env.ifname}`,
      `its gateway is ${formatIp(gateway)}, and in prevResult ${there.gateway ? formatIp(there.gateway) : "it has none"}`,
    );
  }
}

/** Refuses a configuration with which every ADD fails. @throws CniError 6 or 7 */
function status(call: Call): void {
  vet(call, readGiven(call, awaitsIps(call.config)));
}
