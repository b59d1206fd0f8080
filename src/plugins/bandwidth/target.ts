import type { Host } from "../../host/host.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { CniError, INTERNAL, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import type { Result } from "../../spec/result.ts";
import { parsePrevResult } from "../../spec/result-parse.ts";
import { outerOf } from "../../veth/check.ts";

/** The result of the plugin before. @throws CniError 7 when there is none */
export function readPrevResult(prevResult: object | undefined, { version }: Pick<Call, "version">): Result {
  if (prevResult) return parsePrevResult(prevResult, version);
  throw new CniError(
    INVALID_CONFIG,
    "must be called as chained plugin",
    "bandwidth stands in a list after the plugin that makes the interface, whose result is prevResult",
  );
}

/** The host's end of the container's interface, which the result must know. @throws CniError */
export function hostEnd({ env }: Call, host: Host, { interfaces }: Result): Link {
  const { ifname, netns } = env;
  if (interfaces.length === 0) {
    throw new CniError(
      INVALID_CONFIG,
      "no interfaces provided",
      "prevResult has no interfaces: which plugin is before?",
    );
  }
  const sandbox = host.openSandbox(netns);
  const inner = sandbox.findLink(ifname);
  if (!inner?.peer) {
    const what = inner ? `it is a ${inner.kind || "device"} without one` : `${netns} has no such interface`;
    throw new CniError(
      INTERNAL,
      `container interface ${ifname} has no veth peer`,
      `${what}: only what a veth carries can be shaped`,
    );
  }
  const outer = outerOf(host, inner);
  if (!outer) {
    const details = "the other end must be in the namespace that the plugin is called in";
    throw new CniError(INTERNAL, `veth peer with index ${inner.peer} is not in host ns`, details);
  }
  if (interfaces.some(({ name, sandbox: of }) => !of && name === outer.name)) return outer;
  throw new CniError(
    INTERNAL,
    "no veth peer of container interface found in host ns",
    `it is ${outer.name}, which prevResult does not have among its interfaces`,
  );
}
