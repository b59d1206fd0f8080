import { familyOf, type Prefix } from "../../base/ip.ts";
import { type Attached, macOf } from "../../features/attached.ts";
import { hostEnd } from "../../features/host-end.ts";
import type { Machine } from "../../features/machine.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import type { Result } from "../../spec/result.ts";
import { parsePrevResult } from "../../spec/result-parse.ts";

/** The result of the plugin before. @throws CniError 7 when there is none, saying `missing` */
export function readPrevResult(prevResult: object | undefined, { version }: Call, missing: string): Result {
  if (prevResult) return parsePrevResult(prevResult, version);
  throw new CniError(
    INVALID_CONFIG,
    missing,
    "portmap stands in a list after the plugin that makes the interface, whose result is prevResult",
  );
}

/** What the ports are to lead to, as the plugin before tells of it. */
export function attachedOf(call: Call, machine: Pick<Machine, "findLink">, result: Result): Attached {
  const { containerId, ifname } = call.env;
  const owner = { network: call.name, containerId, ifname };
  const port = { name: hostEnd(machine, result) ?? "", mac: macOf(result, ifname) };
  return { owner, port, addresses: addressesOf(result, ifname), warn: call.warn };
}

/**
 * The container's first address of each family: those of the interface `ifname` in the container, and those of which the result
 * does not say where they are.
 */
export function addressesOf({ interfaces, ips }: Result, ifname: string): Prefix[] {
  const own = ips.filter(({ interface: index }) => {
    const at = index === undefined ? undefined : interfaces[index];
    return !at || (at.name === ifname && at.sandbox);
  });
  return ([4, 6] as const).flatMap((family) => {
    const first = own.find(({ address }) => familyOf(address.ip) === family);
    return first ? [first.address] : [];
  });
}
