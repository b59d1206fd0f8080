/** What the predicates of classes are made of. */
import type { Json } from "../support/command.ts";
import type { PluginName } from "./case.ts";
import type { DifferenceClass, Pair, Seen } from "./classes.ts";
import type { Difference } from "./diff.ts";

export const failed = ({ answer }: Seen): boolean => answer.status !== 0;
export const says = ({ answer }: Seen, text: RegExp): boolean => answer.status !== 0 && text.test(answer.message ?? "");
export const isState = ({ path }: Difference): boolean => path[0] !== "answer";

export const onlyBerth = ({ berth, reference }: Pair): boolean => !failed(berth) && failed(reference);
export const onlyReference = ({ berth, reference }: Pair): boolean => failed(berth) && !failed(reference);

/** The configuration of a plugin, which a chain may have at another place than the one that is called. */
export function confOf({ one, conf }: Pair, name: PluginName): Json {
  return (one.plugin !== name && one.list?.find(({ type }) => type === name)) || conf;
}

/** The value of a key, which Go's decoder finds in any case: the last one counts. */
export function memberOf(conf: Json, key: string): Json {
  return Object.entries(conf ?? {}).findLast(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

/** Whether the path ends like this; "*" is any one key. */
export function endsWith({ path }: Difference, ...keys: readonly string[]): boolean {
  const tail = path.slice(-keys.length);
  return tail.length === keys.length && keys.every((key, i) => key === "*" || key === tail[i]);
}

/** That a side's call changed nothing at this place. */
export function untouched({ path }: Difference, { before, after }: Seen): boolean {
  return JSON.stringify(at(before, path)) === JSON.stringify(at(after, path));
}

function at(state: Json, path: readonly string[]): Json {
  return path.reduce((value, key) => value?.[key], state);
}

/** A class of calls of one verb that end differently; everything that follows from that is explained too. */
export function differentEnd(name: string, verb: string | undefined, is: (pair: Pair) => boolean): DifferenceClass {
  return { name, cosmetic: false, explains: (_, pair) => (verb === undefined || pair.step.verb === verb) && is(pair) };
}
