import { isThisProgram, stat } from "#sys";
import { attempt } from "../base/attempt.ts";
import type { Collection, OwnedLease } from "../spec/delegate.ts";
import { type AddOutcome, type Call, type Plugin, pluginNamed, type Verb } from "../spec/plugin.ts";
import { atLeast } from "../spec/versions.ts";
import { type Found, find } from "./find.ts";
import { addByProcess, runProcess, throughVersion } from "./process.ts";

/** What a delegated ADD made; it can always be taken back. */
export type Delegated = AddOutcome & Required<Pick<AddOutcome, "rollback">>;

/**
 * Has the plugin `type` add for `call`: same stdin, same environment but for CNI_COMMAND. A plugin that is this very
 * executable runs without a process. There is no deadline: a DHCP server takes its time.
 * @throws CniError the plugin's, unchanged; 7 when there is no such plugin; 6 when it prints no result
 */
export function delegateAdd(type: string, call: Call): Delegated {
  const found = find(type, call.env.path);
  const own = inProcess(type, found, call);
  return own ? addWith(own, call) : undoable(type, addByProcess(type, found.path, call), call);
}

/** As delegateAdd, of a plugin that is this very executable; undefined, and nothing done, when it is another. */
export function delegateAddInProcess(type: string, call: Call): Delegated | undefined {
  const own = inProcess(type, find(type, call.env.path), call);
  return own && addWith(own, call);
}

function addWith(own: Plugin, call: Call): Delegated {
  return undoable(own.name, worded(own.ADD(asked(call, "ADD")), call), call);
}

function undoable(type: string, outcome: AddOutcome, call: Call): Delegated {
  return { ...outcome, rollback: outcome.rollback ?? (() => delegate(type, "DEL", call)) };
}

/** As delegateAdd, for the commands that give no result. */
export function delegate(type: string, verb: Exclude<Verb, "ADD">, call: Call): void {
  const found = find(type, call.env.path);
  const own = inProcess(type, found, call);
  if (own) own[verb]?.(asked(call, verb));
  else runProcess(verb, found.path, call);
}

/**
 * The leases that the call's container and interface hold with the IPAM plugin `type`; undefined when only a plugin inside
 * this process could say and it is not one.
 * @throws CniError 7 when there is no such plugin, and the plugin's
 */
export function delegateLeases(type: string, call: Call): OwnedLease[] | undefined {
  return inProcess(type, find(type, call.env.path), call)?.leases?.(call);
}

/** Begins a GC of the IPAM plugin `type`; undefined when that is a process of its own, to be called when its turn comes. */
export function delegateCollection(type: string, call: Call): Collection | undefined {
  return inProcess(type, find(type, call.env.path), call)?.collection?.(call);
}

/** The oldest versions have no words for all of a result: what they lack, the upper plugin never hears of. */
function worded(outcome: AddOutcome, { version }: Call): AddOutcome {
  if (atLeast(version, "0.3.0")) return outcome;
  return { ...outcome, result: throughVersion(outcome.result, version) };
}

/** The same call with another command: its environment, stdin and version have been checked for the upper plugin. */
function asked(call: Call, command: Verb): Call {
  return { ...call, env: { ...call.env, command } };
}

/** The plugin of the table for the file that was found, if that is the executable that is running, or a copy of it. */
function inProcess(type: string, found: Found, call: Call): Plugin | undefined {
  const plugin = pluginNamed(type, call.delegates);
  return plugin && (isRunning(found) || isThisProgram(found.path)) ? plugin : undefined;
}

function isRunning({ file }: Found): boolean {
  return attempt(() => file.id === stat("/proc/self/exe").id) ?? false;
}
