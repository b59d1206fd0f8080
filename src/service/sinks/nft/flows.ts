import { formatIp } from "../../../base/ip.ts";
import { deleteFlow, type Flow, listFlows } from "../../../ct/flows.ts";
import type { Client } from "../../../netlink/client.ts";
import { addressOfEnd } from "./bytes.ts";
import type { Step } from "./ledger.ts";
import type { PortPlan } from "./port-plan.ts";

/**
 * A UDP client that keeps its port keeps its entry in conntrack, and so the endpoint that its first packet was led to, or that there was
 * none. So entries are removed that a change of services is about; the next packet is looked at like a first one.
 */

const UDP = 17;

/** What is to become of flows to one address and port. */
interface Rule {
  /** Flows that go to one of these stay. */
  readonly live: ReadonlySet<string>;
  /** Of node ports that there were: only those that went to one of these go. What else goes there may be meant for another machine. */
  readonly gone?: ReadonlySet<string>;
}

/** Forgets the flows that a step is about; how many. Throws NetlinkError. */
export function forgetFlows(client: Client, udp: Step["udp"]): number {
  let count = 0;
  for (const family of [4, 6] as const) {
    const rules = new Map<string, Rule>();
    for (const { before, now } of udp) if ((now ?? before)?.port.family === family) noteRules(rules, before, now);
    if (rules.size === 0) continue;
    const flows = listFlows(client, { family, protocol: UDP }).filter((flow) => isStale(rules, flow));
    for (const failure of client.attempt(flows.map(deleteFlow))) if (failure) throw failure;
    count += flows.length;
  }
  return count;
}

function noteRules(rules: Map<string, Rule>, before: PortPlan | undefined, now: PortPlan | undefined): void {
  const live = addressesOf(now);
  const gone = new Set([...addressesOf(before)].filter((address) => !live.has(address)));
  const had = new Set(before?.frontends.map(({ address, port }) => `${address} ${port}`));
  for (const { address, port } of now?.frontends ?? []) {
    const key = `${address} ${port}`;
    const isNew = !had.delete(key);
    if (address === "" && !isNew) rules.set(key, { live, gone });
    else if (isNew || gone.size > 0) rules.set(key, { live });
  }
  // Frontends that are gone, of which the flows to what was behind them go.
  const all = addressesOf(before);
  for (const key of had) rules.set(key, { live: new Set(), gone: all });
}

function addressesOf(plan: PortPlan | undefined): Set<string> {
  return new Set([...(plan?.all?.ends ?? []), ...(plan?.local?.ends ?? [])].map(addressOfEnd));
}

function isStale(rules: ReadonlyMap<string, Rule>, { dst, dstPort, replySrc }: Flow): boolean {
  const rule = rules.get(`${formatIp(dst)} ${dstPort}`) ?? rules.get(` ${dstPort}`);
  if (!rule) return false;
  const to = formatIp(replySrc);
  return rule.gone ? rule.gone.has(to) : !rule.live.has(to);
}
