import { parseIp } from "../../base/ip.ts";
import { deleteFlow, type Flow, listFlows } from "../../ct/flows.ts";
import { TCP_CLOSE, TCP_SYN_SENT } from "../../ct/tables.ts";
import type { Client } from "../../netlink/client.ts";

const TCP = 6;

/**
 * Forgets the TCP connections to a container that is gone which nobody took, or which were reset: a client that uses the same port again
 * within conntrack's time for them (10 and 120 s) would be led there once more, as the kernel ignores such a SYN. Returns how many.
 * What is open goes on as it can. Throws NetlinkError.
 */
export function forgetDead(client: Client, address: string): number {
  const replySrc = parseIp(address);
  if (!replySrc) return 0;
  const family = replySrc.length === 4 ? 4 : 6;
  const flows = listFlows(client, { family, protocol: TCP, replySrc }).filter(isOver);
  for (const failure of client.attempt(flows.map(deleteFlow))) if (failure) throw failure;
  return flows.length;
}

function isOver({ state }: Flow): boolean {
  return state === TCP_SYN_SENT || state === TCP_CLOSE;
}
