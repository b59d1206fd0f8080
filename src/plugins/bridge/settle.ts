import * as sys from "#sys";
import { formatIp } from "../../base/ip.ts";
import type { Sandbox } from "../../host/sandbox.ts";
import { IFA_F_DADFAILED, IFA_F_TENTATIVE } from "../../rtnl/addr.ts";
import { AF_INET6 } from "../../rtnl/tables.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Inner } from "../../veth/container.ts";

const SETTLE_MS = 5000;

/**
 * Waits until no IPv6 address is tentative any more. With duplicate address detection off they are ready as soon as
 * the link runs; with it on this takes one to two seconds. Throws CniError when one is taken on the link.
 */
export function settleAddresses(sandbox: Sandbox, link: Inner): void {
  const deadline = sys.monotonic() + SETTLE_MS;
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const addrs = sandbox.listAddrs(link.index, AF_INET6);
    const failed = addrs.find((addr) => addr.flags & IFA_F_DADFAILED);
    if (failed) {
      throw new CniError(
        INTERNAL,
        `failed to settle addresses for "${link.name}": link ${link.name} has address ${formatIp(failed.prefix.ip)} in DADFAILED state`,
        "another machine or container on this bridge uses the address",
      );
    }
    if (!addrs.some((addr) => addr.flags & IFA_F_TENTATIVE)) return;
    if (sys.monotonic() > deadline) {
      throw new CniError(
        INTERNAL,
        `failed to settle addresses for "${link.name}": link ${link.name} still has tentative addresses after ${SETTLE_MS / 1000}s`,
        "duplicate address detection does not finish: is the bridge up?",
      );
    }
    sys.sleep(pause);
  }
}
