import { outcome } from "../../base/outcome.ts";
import type { Attached } from "../../features/attached.ts";
import { restoreFirewalls } from "../../features/firewall/feature.ts";
import type { FirewallWish } from "../../features/firewall/wish.ts";
import { isGone } from "../../features/host-end.ts";
import type { Machine } from "../../features/machine.ts";
import type { Call, Restored } from "../../spec/plugin.ts";
import { readConfig, wishFor } from "./config.ts";
import { attachedOf, readPrevResult } from "./target.ts";

/**
 * Puts back the rules that others have removed, of all attachments at once. An attachment whose link is gone gets nothing. In the
 * calls' order: what says what became of each, or throws CniError, Explained.
 */
export function restore(calls: readonly Call[], machine: Machine): (() => Restored)[] {
  const there: (readonly [FirewallWish, Attached])[] = [];
  const places = calls.map((call) =>
    outcome(() => {
      const asked = askedBy(call, machine);
      return asked && there.push(asked) - 1;
    }),
  );
  const restored = restoreFirewalls(machine, there);
  return places.map((place) => () => {
    const at = place();
    if (at === undefined) return "gone";
    const missing = restored[at]?.();
    return missing === undefined ? [] : [missing];
  });
}

/** Undefined where its link is gone. @throws CniError */
function askedBy(call: Call, machine: Machine): readonly [FirewallWish, Attached] | undefined {
  const config = readConfig(call.config);
  const result = readPrevResult(config.prevResult, call);
  const attached = attachedOf(call, machine, result);
  return isGone(attached, result) ? undefined : [wishFor(config, result), attached];
}
