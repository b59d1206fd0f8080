import { stat } from "#sys";
import { errnoOf } from "../base/errno.ts";
import type { Collection, Delegate, OwnedLease, Reply } from "../spec/delegate.ts";
import { CniError, DECODING_FAILURE } from "../spec/errors.ts";
import type { Call, Verb } from "../spec/plugin.ts";
import { brief, quote } from "../spec/quote.ts";
import type { Result } from "../spec/result.ts";
import { parseResult } from "../spec/result-parse.ts";
import { exec } from "./exec.ts";
import { pluginError } from "./failure.ts";
import { find } from "./find.ts";

/** What a delegated ADD made. */
export interface Delegated {
  readonly result: Result;
  /** Of one of our own IPAM plugins: see Reply. */
  readonly attached?: NonNullable<Reply["attached"]>;
  /** Takes the ADD back. @throws CniError of the delegate's DEL */
  readonly rollback: () => void;
}

/**
 * Has the plugin `type` add for `call`: same stdin, same environment but for CNI_COMMAND. A plugin that is this very
 * executable runs without a process. There is no deadline: a DHCP server takes its time.
 * @throws CniError the plugin's, unchanged; 7 when there is no such plugin; 6 when it prints no result
 */
export function delegateAdd(type: string, call: Call): Delegated {
  const { stdout, attached, rollback } = perform(type, "ADD", call);
  const del = rollback ?? (() => delegate(type, "DEL", call));
  return { result: resultOf(type, stdout, call), ...(attached ? { attached } : {}), rollback: del };
}

/** As delegateAdd, for the commands that give no result. */
export function delegate(type: string, verb: Exclude<Verb, "ADD">, call: Call): void {
  perform(type, verb, call);
}

/**
 * The leases that the call's container and interface hold with the IPAM plugin `type`; undefined when only a plugin inside
 * this process could say and it is not one.
 * @throws CniError 7 when there is no such plugin, and the plugin's
 */
export function delegateLeases(type: string, call: Call): OwnedLease[] | undefined {
  return inProcess(type, find(type, call.env.path), call)?.leases?.(call.env.variables, call.stdin);
}

/** Begins a GC of the IPAM plugin `type`; undefined when that is a process of its own, to be called when its turn comes. */
export function delegateCollection(type: string, call: Call): Collection | undefined {
  return inProcess(type, find(type, call.env.path), call)?.collection?.(call.env.variables, call.stdin);
}

function perform(type: string, verb: Verb, call: Call): Reply {
  const path = find(type, call.env.path);
  const env = new Map(call.env.variables).set("CNI_COMMAND", verb);
  const own = inProcess(type, path, call);
  const reply: Reply = own ? own.call(env, call.stdin) : { code: 0, ...exec(path, env, call.stdin) };
  if (reply.stderr) call.warn(reply.stderr);
  if (reply.code !== 0) throw pluginError({ ...reply, ending: `exit status ${reply.code}` });
  return reply;
}

/** The entry of the table for the file at `path`, if that is the file that is running. */
function inProcess(type: string, path: string, call: Call): Delegate | undefined {
  const entry = call.delegates.get(type);
  return entry && isThisExecutable(path) ? entry : undefined;
}

function isThisExecutable(path: string): boolean {
  try {
    const file = stat(path);
    const self = stat("/proc/self/exe");
    return file.ino === self.ino && file.dev === self.dev;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

function resultOf(type: string, stdout: string, call: Call): Result {
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch (error) {
    const message = `plugin ${quote(type)} succeeded without printing a result: ${brief(stdout)}`;
    throw new CniError(DECODING_FAILURE, message, "expected the JSON of a CNI result on its stdout", error);
  }
  return parseResult(json, call.version, `result of ${quote(type)}`);
}

/** Whether the plugin `type` on CNI_PATH is this very executable. @throws CniError 7 when there is no such plugin */
export function isInProcess(type: string, call: Call): boolean {
  return inProcess(type, find(type, call.env.path), call) !== undefined;
}
