import { delegate } from "../../invoke/delegate.ts";
import { readNetConf } from "../../spec/config.ts";
import type { Call } from "../../spec/plugin.ts";

/** Whether an ADD would succeed, as far as IPAM can say. @throws CniError 50, 51 */
export function status(call: Call): void {
  const { ipamType } = readNetConf(call.config);
  if (ipamType !== undefined) delegate(ipamType, "STATUS", call);
}
