import type { Machine } from "../../features/machine.ts";
import { portMap } from "../../features/port-map/feature.ts";
import type { PortMapWish } from "../../features/port-map/wish.ts";
import { attachmentsSchema, validAttachmentsOf } from "../../spec/config.ts";
import { decode, goObject } from "../../spec/decode.ts";
import { CniError } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { readConfig } from "./config.ts";

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
  portMap.gc(machine, wishOf(call), { network: call.name, alive, doomed: () => [], warn: call.warn });
}

/** Which backend is configured; of what is no configuration, the usual one. */
function wishOf(call: Call): PortMapWish {
  try {
    return readConfig(call).wish;
  } catch (error) {
    if (error instanceof CniError) return { mappings: [], snat: true, masqAll: false };
    throw error;
  }
}
