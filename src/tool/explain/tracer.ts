import { EAGAIN, ENOBUFS, isErrno } from "../../base/errno.ts";
import { Client } from "../../netlink/client.ts";
import { NETLINK_NETFILTER, openListener, openSocket, type Socket } from "../../netlink/socket.ts";
import { tap } from "../../netlink/trace.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { EQ, L4PROTO, REG_1, type Statement } from "../../nft/expr.ts";
import { compare } from "../../nft/instructions.ts";
import { verdict } from "../../nft/match-link.ts";
import type { Family, Hook } from "../../nft/objects.ts";
import { inTransport, readSteps, type Step, setTrace, TRACE_GROUP } from "../../nft/trace.ts";
import { isMarked, MARK_AT, type Probe, protocolOf } from "./packet.ts";

/** Priorities before and behind all others; behind them conntrack alone keeps what it has seen. */
const FIRST = -0x7fffffff;
const LAST = 0x7ffffffe;

const HOOKS: readonly Hook[] = ["prerouting", "input", "forward", "output", "postrouting"];

/** Where the packet comes to be seen. */
const STARTS: readonly Hook[] = ["prerouting", "output"];
/** Where it ends, so that nobody gets it. */
const ENDS: readonly Hook[] = ["input", "postrouting"];

/** What all of its tables are called, with a number behind it. */
export const TABLE_PREFIX = "berth-explain-";

/** The chain of a table of ours at an end of a hook, and back. */
const chainAt = (hook: Hook, end: "first" | "last"): string => `${hook}-${end}`;

/** An end of a hook that a packet has come to. */
export interface Place {
  readonly family: Family;
  readonly hook: Hook;
  readonly end: "first" | "last";
}

/** The place whose chain a step is in; undefined for others' chains. */
export function placeOf({ family, table, chain }: Pick<Step, "family" | "table" | "chain">): Place | undefined {
  if (!table.startsWith(TABLE_PREFIX)) return undefined;
  const [hook, end] = chain.split("-");
  return { family, hook: hook as Hook, end: end === "first" ? "first" : "last" };
}

/**
 * Follows one packet through the rules of the network namespace that the thread is in when it is made: a table of each family,
 * which goes with its socket (NFT_TABLE_F_OWNER), has the kernel tell of all that the packet meets, and drops it where it would be
 * delivered or leave. Other packets meet only the comparison that tells them from it.
 */
export class Tracer {
  readonly #probe: Probe;
  readonly #client: Client;
  readonly #events: Socket;

  /**
   * @param families "bridge" beside the packet's own where frames go through a bridge
   * @param letPass it goes on as if nobody had looked
   * @throws NetlinkError EOPNOTSUPP or EINVAL before Linux 5.12; SysError where there is no nfnetlink
   */
  constructor(probe: Probe, families: readonly Family[], letPass = false) {
    this.#probe = probe;
    this.#events = openListener(NETLINK_NETFILTER, TRACE_GROUP);
    try {
      this.#client = new Client(openSocket(NETLINK_NETFILTER), tap("netfilter"));
      const name = `${TABLE_PREFIX}${probe.mark.join("")}`;
      run(this.#client, ...families.map((family) => tableOf(family, name, probe, letPass)));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What became of the packet since the last question, in order: until a rule ends it, or no news of it come for `patience` ms. */
  steps(patience: number): Step[] {
    const found: Step[] = [];
    const known = new Set<number>();
    while (found.at(-1)?.verdict !== "drop") {
      const steps = this.#next(patience);
      if (steps === undefined) return found;
      for (const step of steps) {
        if (step.packet && isMarked(step.packet.transport, this.#probe)) known.add(step.id);
        if (known.has(step.id)) found.push(step);
      }
    }
    return found;
  }

  /** Undefined when nothing more comes. Of what got lost on the way (ENOBUFS) nothing is said. */
  #next(patience: number): Step[] | undefined {
    try {
      return readSteps(this.#events.receive(patience));
    } catch (error) {
      if (isErrno(error, ENOBUFS)) return [];
      if (!isErrno(error, EAGAIN)) throw error;
      return undefined;
    }
  }

  close(): void {
    this.#client?.close();
    this.#events.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function tableOf(family: Family, name: string, probe: Probe, letPass: boolean): Batch {
  const batch = new Batch(family, name).create({ kind: "table", isOwned: true });
  const ours = [isProtocol(protocolOf(probe)), inTransport(MARK_AT[probe.transport], probe.mark)];
  for (const hook of HOOKS) {
    for (const end of ["first", "last"] as const) {
      const chain = chainAt(hook, end);
      const priority = end === "first" ? FIRST : LAST;
      batch.create({ kind: "chain", name: chain, base: { type: "filter", hook, priority, policy: "accept" } });
      const begins = end === "first" && STARTS.includes(hook);
      const ends = end === "last" && ENDS.includes(hook) && !letPass && !(family === "bridge" && hook === "input");
      // A chain of which no rule matches is not told of everywhere.
      const then = begins ? [setTrace()] : ends ? [verdict("drop")] : [];
      batch.add({ kind: "rule", chain, statements: [...ours, ...then] });
    }
  }
  return batch;
}

function isProtocol(number: number): Statement {
  const load = { name: "meta", data: { key: L4PROTO, dreg: REG_1 } } as const;
  return { text: `meta l4proto ${number}`, exprs: [load, compare(EQ, Uint8Array.of(number))] };
}
