import type { Attached } from "../../../features/attached.ts";
import { checkFirewalls } from "../../../features/firewall/feature.ts";
import type { FirewallWish } from "../../../features/firewall/wish.ts";
import { readConfig, wishFor } from "../../../plugins/firewall/config.ts";
import { attachedOf } from "../../../plugins/firewall/target.ts";
import { callFor } from "../../repair.ts";
import { nameOfType } from "../../schemas.ts";
import type { AttachmentFacts } from "../facts.ts";
import type { Around } from "./attachments.ts";
import { failureOf, typeOf } from "./networks.ts";

/** What the plugin firewall of live attachments misses, its rules read once for all. Throws Explained, SysError. */
export function withFirewalls(attachments: readonly AttachmentFacts[], around: Around): AttachmentFacts[] {
  const asked = attachments.flatMap((attachment) => {
    const one = attachment.outer && askedOf(attachment, around);
    return one ? { attachment, one } : [];
  });
  const answers = checkFirewalls(
    around.machine,
    asked.map(({ one }) => one),
  );
  const missing = new Map(asked.map(({ attachment }, i) => [attachment, answers[i]]));
  return attachments.map((attachment) => {
    const message = missing.get(attachment);
    if (message === undefined) return attachment;
    return { ...attachment, missing: [...attachment.missing, { what: "firewall", message, details: "" }] };
  });
}

/** What its firewall plugin would be asked; undefined: it has none, or one that refuses. */
function askedOf(
  { cached, result }: AttachmentFacts,
  { machine }: Around,
): readonly [FirewallWish, Attached] | undefined {
  const plugin = cached?.plugins.find((one) => nameOfType(typeOf(one)) === "firewall");
  if (!cached || !plugin || !result) return undefined;
  const call = callFor(cached, plugin, [], () => {});
  let asked: readonly [FirewallWish, Attached] | undefined;
  failureOf(() => {
    asked = [wishFor(readConfig(call.config), result), attachedOf(call, machine, result)];
  });
  return asked;
}
