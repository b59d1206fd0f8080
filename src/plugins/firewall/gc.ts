import { firewall } from "../../features/firewall/feature.ts";
import type { Machine } from "../../features/machine.ts";
import { validAttachmentsOf } from "../../spec/config.ts";
import { decode } from "../../spec/decode.ts";
import type { Call } from "../../spec/plugin.ts";
import { gcSchema, readRemains } from "./config.ts";

/**
 * Removes the rules of the network's attachments that are not valid any more. A caller that gives no list does not know:
 * nothing is touched. @throws CniError, Explained, NetlinkError
 */
export function gc({ name: network, config, warn }: Call, machine: Machine): void {
  const validAttachments = validAttachmentsOf(decode(gcSchema, config));
  if (!validAttachments) return;
  const alive = () => validAttachments.map((one) => ({ network, ...one }));
  firewall.gc(machine, readRemains(config).wish, { network, alive, doomed: () => [], warn });
}
