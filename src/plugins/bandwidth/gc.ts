import { ENODEV } from "../../base/errno.ts";
import type { Machine } from "../../features/machine.ts";
import { deleteLink } from "../../rtnl/link.ts";
import { validAttachmentsOf } from "../../spec/config.ts";
import { decode } from "../../spec/decode.ts";
import type { Call } from "../../spec/plugin.ts";
import { aliasOf, aliasPrefix } from "../../veth/names.ts";
import { gcSchema } from "./config.ts";

/**
 * Removes the devices of this network's attachments that are not valid any more, known by their alias. Those of the reference
 * do not say whose they are. A caller that gives no list of valid ones does not know: nothing is touched. @throws NetlinkError
 */
export function gc(call: Call, machine: Machine): void {
  const valid = validAttachmentsOf(decode(gcSchema, call.config));
  if (!valid) return;
  const network = call.name;
  const kept = new Set(valid.map((one) => aliasOf({ network, ...one })));
  const own = machine.listLinks().filter(({ kind, alias }) => kind === "ifb" && alias.startsWith(aliasPrefix(network)));
  const stale = own.filter(({ alias }) => !kept.has(alias));
  machine.change(...stale.map((link) => ({ ...deleteLink(link), tolerate: [ENODEV] })));
}
