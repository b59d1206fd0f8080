import { random, sendPacket } from "#sys";
import { assertErrno, EOPNOTSUPP, isErrno, messageOf } from "../../base/errno.ts";
import type { Ip } from "../../base/ip.ts";
import type { Namespace } from "../../host/namespace.ts";
import type { Family } from "../../nft/objects.ts";
import { type Journey, journeyOf } from "./journey.ts";
import { MARK_SIZE, type Probe, packetOf, type Transport } from "./packet.ts";
import { Tracer } from "./tracer.ts";

/** What became of the packet in the container's namespace, if it began there, and in the host's. */
export interface Followed {
  readonly inside: Journey | undefined;
  readonly outside: Journey | undefined;
  /** Why it could not be followed, and was not sent; undefined where it was. */
  readonly untraced: string | undefined;
  /** What the kernel of who sent it said instead of sending it. */
  readonly refused: string | undefined;
}

/** The ports of programs that ask: IANA's dynamic ones. */
const DYNAMIC = 49_152;

export function newProbe(from: Ip, to: Ip, toPort: number, transport: Transport): Probe {
  const [high = 0, low = 0, ...mark] = random(2 + MARK_SIZE);
  const fromPort = transport === "icmp" ? 0 : DYNAMIC + (((high << 8) | low) & 0x3fff);
  return { from, to, fromPort, toPort: transport === "icmp" ? 0 : toPort, transport, mark: Uint8Array.from(mark) };
}

/** From where a packet sets out: the container, this namespace, or whoever `send` is. */
export interface Departure {
  /** The namespace that sends it; absent: this process's own, or one that nobody looks at. */
  readonly place?: Namespace | undefined;
  /** In place of a raw socket of that namespace. */
  readonly send?: ((packet: Uint8Array) => void) | undefined;
}

/** How long news of the packet are waited for, in milliseconds: they come within one, or the packet is lost. */
const PATIENCE_MS = 200;
/** What the container's namespace tells is there when the host's has ended. */
const NO_PATIENCE_MS = 1;

/** Sends the packet, which goes no further than the end of the host's rules, and tells what it met. */
export function follow(probe: Probe, hasBridge: boolean, { place, send }: Departure): Followed {
  try {
    using outer = tracer(probe, hasBridge);
    using inner = place?.enter(() => new Tracer(probe, [familyOf(probe)], true));
    const refused = refusal(() => dispatch(probe, { place, send }));
    const outside = journeyOf(outer.steps(PATIENCE_MS), probe.transport);
    const inside = inner && journeyOf(inner.steps(NO_PATIENCE_MS), probe.transport);
    return { inside, outside, untraced: undefined, refused };
  } catch (error) {
    assertErrno(error);
    return { inside: undefined, outside: undefined, untraced: reasonOf(error), refused: undefined };
  }
}

function dispatch(probe: Probe, { place, send = (packet) => sendPacket(packet, probe.to) }: Departure): void {
  const packet = packetOf(probe);
  if (place) place.enter(() => send(packet));
  else send(packet);
}

/** What a system call says against it; undefined where it is done. A packet that a rule of its own namespace drops is refused. */
function refusal(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    assertErrno(error);
    return messageOf(error);
  }
}

function reasonOf(error: Error): string {
  const owner = isErrno(error, EOPNOTSUPP) ? " (tables that go with their owner came with Linux 5.12)" : "";
  return `no packet was sent: ${messageOf(error)}${owner}`;
}

const familyOf = ({ from }: Probe): Family => (from.length === 4 ? "ip" : "ip6");

/** Kernels may have no tables of the family bridge. */
function tracer(probe: Probe, hasBridge: boolean): Tracer {
  if (!hasBridge) return new Tracer(probe, [familyOf(probe)]);
  try {
    return new Tracer(probe, ["bridge", familyOf(probe)]);
  } catch (error) {
    assertErrno(error);
    return new Tracer(probe, [familyOf(probe)]);
  }
}
