import { endpoint } from "../../../base/endpoint.ts";
import { equalIp, formatIp } from "../../../base/ip.ts";
import type { PortMapping } from "../../../features/port-map/wish.ts";
import type { Facts } from "../facts.ts";
import { inside } from "../facts.ts";
import { broken, type Hop, ok, unknown } from "../hop.ts";
import type { Listening } from "../listen.ts";
import { changeText } from "./rules.ts";

/** A port of the host that is to lead to the container. */

/** What is known of it. */
export interface Published {
  readonly port: number;
  readonly transport: "tcp" | "udp";
  /** As the runtime asked for it; undefined where nobody remembers that it did. */
  readonly mapping: PortMapping | undefined;
  readonly listening: Listening | undefined;
}

/** Tables of which one rule serves all containers: it must not go. */
const OURS = "berth";

/** That the host's port is translated to the container's. */
export function portHop(facts: Facts, { port, transport, mapping }: Published): Hop {
  const name = "published port";
  const { outside, subject } = facts;
  const text = `${port}/${transport}`;
  const change = outside?.changes.findLast(({ of }) => of === "destination");
  if (facts.untraced !== undefined || !outside) return unknown(name, facts.untraced ?? "no packet was followed");
  if (!change) {
    if (outside.fate.is === "ended") return unknown(name, "a rule ended the packet before it could be translated");
    return broken(name, {
      what: `nothing leads port ${text} of the host to the container`,
      evidence: `a packet to ${outside.begin ? endpoint(outside.begin.to, outside.begin.toPort) : text} kept its destination`,
      consequence: "who connects to it reaches the host's own programs, or nobody",
      mend: mapping && subject.network !== undefined ? [`berth repair ${subject.network}`] : [],
    });
  }
  const { to, toPort } = change.after;
  const isHere = facts.addresses.some(({ ip }) => equalIp(ip, to)) && (!mapping || mapping.containerPort === toPort);
  if (isHere) return ok(name, changeText(change));
  const { by } = change;
  return broken(name, {
    what: `port ${text} of the host leads to ${endpoint(to, toPort)}, which is not this container`,
    evidence: changeText(change),
    consequence: "another gets what is meant for this container",
    mend: by && by.table !== OURS ? [`nft delete rule ${by.family} ${by.table} ${by.chain} handle ${by.handle}`] : [],
  });
}

/** That a program of the container waits for what comes. Undefined where nobody knows which port that would be. */
export function listenHop(facts: Facts, { transport, mapping, listening }: Published): Hop | undefined {
  const name = "listener";
  const change = facts.outside?.changes.findLast(({ of }) => of === "destination");
  const port = mapping?.containerPort ?? change?.after.toPort;
  if (port === undefined) return undefined;
  const show = inside(facts, `ss -ln${transport === "tcp" ? "t" : "u"} sport = :${port}`);
  if (listening === undefined) return unknown(name, `${show} tells`);
  if (listening === "all") return ok(name, `a program of the container waits on port ${port}/${transport}`);
  const [address] = facts.addresses;
  const on = address ? ` and not on ${formatIp(address.ip)}` : "";
  return broken(name, {
    what:
      listening === "loopback"
        ? `the container's program waits for port ${port}/${transport} on 127.0.0.1 only${on}`
        : `no program of the container waits on port ${port}/${transport}`,
    evidence: show,
    consequence:
      "who connects is refused by the container itself: its program is to be started, or told to listen on 0.0.0.0",
    mend: [],
  });
}
