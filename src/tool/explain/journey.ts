import { equalIp } from "../../base/ip.ts";
import type { Step } from "../../nft/trace.ts";
import { type Flow, flowOf, type Transport } from "./packet.ts";
import { type Place, placeOf } from "./tracer.ts";

/** The way of a packet through the rules of one namespace, as its steps tell it. */
export interface Journey {
  /** The ends of hooks that it came to, in order. */
  readonly places: readonly Place[];
  /** As it was first seen, and last; undefined when it never was. */
  readonly begin: Flow | undefined;
  readonly end: Flow | undefined;
  /** ifindex of where it would leave; 0 where that was not decided. */
  readonly oif: number;
  /** What was made of its addresses, in order. */
  readonly changes: readonly Change[];
  readonly fate: Fate;
}

/** An address or port of the packet that rules replaced. */
export interface Change {
  readonly of: "source" | "destination";
  readonly before: Flow;
  readonly after: Flow;
  /** The rule that did it; undefined where it is none of nf_tables'. */
  readonly by: Step | undefined;
}

export type Fate =
  /** No rule of the namespace ever saw it. */
  | { readonly is: "unseen" }
  /** It came to the end of its way: to the namespace's own programs, or out of an interface. */
  | { readonly is: "delivered" | "sent" }
  /** A rule, or the policy of a chain, ended it: dropped, or given to a program (queue, stolen). */
  | { readonly is: "ended"; readonly by: Step; readonly after: Place | undefined }
  /** It was not seen any more after that place, and no rule of nf_tables says why. */
  | { readonly is: "lost"; readonly after: Place };

/** Verdicts after which a packet is gone. */
const ENDING: readonly Step["verdict"][] = ["drop", "queue", "stolen"];

/** What `steps` of one packet tell. */
export function journeyOf(steps: readonly Step[], transport: Transport): Journey {
  const places: Place[] = [];
  const changes: Change[] = [];
  let [begin, end, oif]: [Flow | undefined, Flow | undefined, number] = [undefined, undefined, 0];
  let by: Step | undefined;
  let ended: { by: Step; after: Place | undefined } | undefined;
  for (const step of steps) {
    const place = placeOf(step);
    if (step.packet) {
      const flow = flowOf(step.packet.network, step.packet.transport, transport);
      if (end) changes.push(...changesOf(end, flow, by));
      begin ??= flow;
      end = flow;
      oif = step.packet.oif;
      by = undefined;
    }
    if (place) {
      if (!isSame(place, places.at(-1))) places.push(place);
    } else if (ENDING.includes(step.verdict)) ended = { by: step, after: places.at(-1) };
    else if (step.kind === "rule" && step.verdict === "accept") by = step;
  }
  return { places, begin, end, oif, changes, fate: fateOf(places, ended) };
}

function isSame(a: Place, b: Place | undefined): boolean {
  return a.family === b?.family && a.hook === b.hook && a.end === b.end;
}

function fateOf(places: readonly Place[], ended: { by: Step; after: Place | undefined } | undefined): Fate {
  if (ended) return { is: "ended", ...ended };
  const last = places.at(-1);
  if (!last) return { is: "unseen" };
  if (last.end === "last" && last.hook === "postrouting") return { is: "sent" };
  if (last.end === "last" && last.hook === "input" && last.family !== "bridge") return { is: "delivered" };
  return { is: "lost", after: last };
}

function changesOf(before: Flow, after: Flow, by: Step | undefined): Change[] {
  const source = !equalIp(before.from, after.from) || before.fromPort !== after.fromPort;
  const destination = !equalIp(before.to, after.to) || before.toPort !== after.toPort;
  return [
    ...(destination ? [{ of: "destination", before, after, by } as const] : []),
    ...(source ? [{ of: "source", before, after, by } as const] : []),
  ];
}
