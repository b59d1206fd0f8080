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
  const options: CallOptions = {
    id: slot.id,
    ns: slot.ns ?? "/run/netns/gone",
    bin,
    conf: lab.conf({ ...conf, ipMasq: slot.ipMasq, ...(verb === "CHECK" && { prevResult: slot.result }) }),
  };
  if (verb === "ADD") slot.by = bin;
  const started = lab.start("bridge", verb, options);
  if (killAfter !== undefined) setTimeout(() => started.kill(), killAfter);
  const { status, stdout, json } = await started.reply;
  if (verb === "CHECK") return status === 0 ? [] : [`CHECK of ${slot.id}: ${stdout.slice(0, 300)}`];
  if (status === 0) {
    slot.state = verb === "ADD" ? "attached" : "absent";
    slot.result = verb === "ADD" ? json : undefined;
    return [];
  }
  slot.state = "unknown";
  return killAfter === undefined ? [`${verb} of ${slot.id}: exit ${status} ${stdout.slice(0, 300)}`] : [];
}

/** The namespace ends, as when a container's last process does. */
export function endNamespace(slot: Slot): void {
  if (slot.ns !== undefined) attempt(undefined, "ip", "netns", "del", slot.ns);
  slot.ns = undefined;
  if (slot.state === "attached") slot.state = "unknown";
}
