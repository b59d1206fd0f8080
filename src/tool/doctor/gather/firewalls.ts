import type { Attached } from "../../../features/attached.ts";
import { checkFirewalls } from "../../../features/firewall/feature.ts";
import type { FirewallWish } from "../../../features/firewall/wish.ts";
import type { Machine } from "../../../features/machine.ts";
import { type FirewallConfig, wishFor } from "../../../plugins/firewall/config.ts";
import { CniError } from "../../../spec/errors.ts";
import type { Result } from "../../../spec/result.ts";
import type { AttachmentFacts } from "../facts.ts";

/** What the plugin firewall of an attachment is asked. */
export interface FirewallAsked {
  readonly config: FirewallConfig;
  readonly result: Result;
  readonly attached: Attached;
}

/** The attachments with what their firewall plugins miss, whose rules are read once for all. Throws Explained, SysError. */
export function withFirewalls(
  found: readonly (readonly [AttachmentFacts, FirewallAsked | undefined])[],
  machine: Machine,
): AttachmentFacts[] {
  const wishes = found.map(([, asked]) => asked && wishOf(asked));
  const answers = checkFirewalls(
    machine,
    wishes.filter((wish) => wish !== undefined),
  );
  return found.map(([attachment], i) => {
    const message = wishes[i] && answers.shift();
    if (message === undefined) return attachment;
    return { ...attachment, missing: [...attachment.missing, { what: "firewall", message, details: "" }] };
  });
}

/** Undefined where the plugin would refuse the result. */
function wishOf({ config, result, attached }: FirewallAsked): readonly [FirewallWish, Attached] | undefined {
  try {
    return [wishFor(config, result), attached];
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}
