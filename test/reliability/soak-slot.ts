/** One container of the soak: what was done with it, and what is known of it. */
import { attempt } from "../support/command.ts";
import type { CallOptions, Verb } from "../support/conf.ts";
import type { Lab } from "../support/lab.ts";
import type { Reply } from "../support/plugin.ts";

export interface Slot {
  id: string;
  /** The namespace; undefined when it was deleted. */
  ns: string | undefined;
  /** "unknown" after a kill, a failure, or the end of the namespace: a DEL is due. */
  state: "absent" | "attached" | "unknown";
  readonly ipMasq: boolean;
  /** Directory of the plugin that attached it. */
  by: string;
  /** The result of the ADD. */
  result: Reply["json"];
  /** The configurations of the plugins that come after bridge, as nerdctl's default list has them; none: bridge alone. */
  readonly chain: readonly Plugin[];
  /** Whether another container has the same ports: CHECK says so, of the older. */
  readonly sharesPorts: boolean;
}

export interface Plugin {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface Operation {
  readonly verb: Verb;
  readonly bin: string;
  /** Milliseconds after which it is killed. */
  readonly killAfter?: number | undefined;
}

/** Does one operation on a slot and keeps its state; returns what must not have happened. */
export async function operate(lab: Lab, slot: Slot, operation: Operation, conf: object): Promise<string[]> {
  const { verb, bin, killAfter } = operation;
  if (verb === "ADD") slot.by = bin;
  const { status, stdout, json } = await callAll(lab, slot, operation, conf);
  if (verb === "CHECK") return status === 0 ? [] : [`CHECK of ${slot.id}: ${stdout.slice(0, 300)}`];
  if (status === 0) {
    slot.state = verb === "ADD" ? "attached" : "absent";
    slot.result = verb === "ADD" ? json : undefined;
    return [];
  }
  slot.state = "unknown";
  return killAfter === undefined ? [`${verb} of ${slot.id}: exit ${status} ${stdout.slice(0, 300)}`] : [];
}

/** Calls the plugins of the list until one fails, as libcni does: what the last one answered. */
async function callAll(lab: Lab, slot: Slot, { verb, bin, killAfter }: Operation, over: object): Promise<Reply> {
  const bridge = lab.conf({ ...over, ipMasq: slot.ipMasq });
  const { cniVersion, name } = bridge;
  const list = [bridge, ...slot.chain.map((plugin) => ({ cniVersion, name, ...plugin }))];
  const end = killAfter === undefined ? undefined : performance.now() + killAfter;
  // As libcni does for a list; bridge alone needs none at DEL.
  let result = verb === "CHECK" || (verb === "DEL" && slot.chain.length > 0) ? slot.result : undefined;
  let reply: Reply | undefined;
  for (const conf of verb === "DEL" ? list.toReversed() : list) {
    const options: CallOptions = {
      id: slot.id,
      ns: slot.ns ?? "/run/netns/gone",
      bin,
      conf: { ...conf, ...(result && { prevResult: result }) },
    };
    const started = lab.start(conf.type, verb, options);
    if (end !== undefined) setTimeout(() => started.kill(), Math.max(0, end - performance.now()));
    reply = await started.reply;
    if (reply.status !== 0) return reply;
    if (verb === "ADD") result = reply.json;
  }
  if (!reply) throw new Error("the list is empty");
  return reply;
}

/** The namespace ends, as when a container's last process does. */
export function endNamespace(slot: Slot): void {
  if (slot.ns !== undefined) attempt(undefined, "ip", "netns", "del", slot.ns);
  slot.ns = undefined;
  if (slot.state === "attached") slot.state = "unknown";
}
