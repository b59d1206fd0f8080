import { type Attached, macOf } from "../../features/attached.ts";
import { hostEnd } from "../../features/host-end.ts";
import type { Machine } from "../../features/machine.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import type { Result } from "../../spec/result.ts";
import { parsePrevResult } from "../../spec/result-parse.ts";

/** The result of the plugin before. @throws CniError 7 when there is none */
export function readPrevResult(prevResult: object | undefined, { version }: Call): Result {
  if (prevResult) return parsePrevResult(prevResult, version);
  throw new CniError(
    INVALID_CONFIG,
    "missing prevResult from earlier plugin",
    "firewall stands in a list after the plugin that makes the interface, whose result is prevResult",
  );
}

/** What the rules are about: all addresses of the result, as in the reference. */
export function attachedOf(call: Call, machine: Pick<Machine, "findLink">, result: Result): Attached {
  const { containerId, ifname } = call.env;
  const owner = { network: call.name, containerId, ifname };
  const port = { name: hostEnd(machine, result) ?? "", mac: macOf(result, ifname) };
  return { owner, port, addresses: result.ips.map(({ address }) => address), warn: call.warn };
}
