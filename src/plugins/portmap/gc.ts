import type { Machine } from "../../features/machine.ts";
import { portMap } from "../../features/port-map/feature.ts";
import { attachmentsSchema, validAttachmentsOf } from "../../spec/config.ts";
import { decode, goObject } from "../../spec/decode.ts";
import type { Call } from "../../spec/plugin.ts";

/** What it reads. */
export const gcSchema = goObject({
  "cni.dev/valid-attachments": attachmentsSchema,
  "cni.dev/attachments": attachmentsSchema,
});

/**
 * Removes the mappings of the network's attachments that are not valid any more. A caller that gives no list does not know:
 * nothing is touched. @throws CniError, NetlinkError
 */
export function gc(call: Call, machine: Machine): void {
  const validAttachments = validAttachmentsOf(decode(gcSchema, call.config));
  if (!validAttachments) return;
  const alive = () => validAttachments.map((one) => ({ network: call.name, ...one }));
  const wish = { mappings: [], snat: true, masqAll: false };
  portMap.gc(machine, wish, { network: call.name, alive, doomed: () => [], warn: call.warn });
}
