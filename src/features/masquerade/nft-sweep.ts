import { isSignal } from "../../base/errno.ts";
import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { attempt } from "../../nft/client.ts";
import { listEmptySets, listRulesOf } from "../../nft/find-empty.ts";
import {
  CHAIN,
  isMasqueradeSet,
  MASQUERADE_FAMILIES,
  type MasqueradeFamily,
  masqueradedSet,
  type Place,
  SET_TYPES,
  TABLE,
} from "./nft-set.ts";

/** How many sets go in one transaction at most: the refusals of all must fit the socket's receive buffer. */
export const AT_ONCE = 64;

/** How many empty sets an ADD lets be in each family: some may be of containers that restart. */
const LEFT_ALONE = 4;

/**
 * Where the kernel does not say which sets are empty (Linux before 6.16), trying is what tells, and takes its time where
 * others are in use. Each new set makes their number grow by one: one ADD in so many tries.
 */
const TRIED_EVERY = 8;

/** Once, and again without those that were refused. */
const ROUNDS = 2;

/**
 * What an ADD that had to build a set does for the others: networks come and go without a GC, and what DEL leaves of them
 * would pile up. Removes, of the families of `built`, the newest sets of other networks and prefixes that seem to be
 * empty. It is no part of the ADD, so that failures do not matter.
 */
export function sweepMasquerade(client: Client, built: readonly Place[]): void {
  const own = new Set(built.map(({ set }) => set.name));
  const families = new Set(built.map(({ family }) => family));
  const most = Math.floor(AT_ONCE / families.size);
  try {
    removeEmptySets(
      client,
      [...families].flatMap((family) => leftovers(client, family, own).slice(-most)),
    );
  } catch (error) {
    if (isSignal(error)) throw error;
  }
}

/** The sets of others to be tried; none while it is not worth the while. */
function leftovers(client: Client, family: MasqueradeFamily, own: ReadonlySet<string>): Place[] {
  const others = listEmptySets(client, family, TABLE).filter(({ name }) => isMasqueradeSet(name) && !own.has(name));
  const told = others.every(({ sure }) => sure);
  const due = told ? others.length > LEFT_ALONE : others.length % TRIED_EVERY === 0;
  if (!due) return [];
  return others.map(({ name }) => ({ family, set: { kind: "set", name, type: SET_TYPES[family] } }));
}

/**
 * Removes those of `sets` (at most AT_ONCE) that are empty, each with its rules. Which are empty the kernel decides in the
 * moment of removal (NLM_F_NONREC): a set that has just been given an address stays, and its rule with it. A refusal
 * undoes the whole transaction, after waiting for all processors; but it names all sets that are not to be had, and the
 * others then go in a second one. What is refused even then stays.
 */
export function removeEmptySets(client: Client, sets: readonly Place[]): void {
  let batches = MASQUERADE_FAMILIES.flatMap((family) => removals(client, family, sets));
  for (let left = ROUNDS; left > 0 && batches.length > 0; left--) {
    const refused = new Set(attempt(client, ...batches).map(({ command }) => command));
    if (refused.size === 0) return;
    batches = batches.filter(({ commands }) => !commands.some((command) => refused.has(command)));
  }
}

/** A batch for each set: its rules, which hold it, then the set. */
function removals(client: Client, family: MasqueradeFamily, places: readonly Place[]): Batch[] {
  const sets = places.filter((place) => place.family === family).map(({ set }) => set);
  if (sets.length === 0) return [];
  const batches = new Map(sets.map(({ name }) => [name, new Batch(family, TABLE)]));
  for (const rule of listRulesOf(client, family, TABLE, CHAIN.name, new Set(batches.keys()))) {
    const batch = batches.get(masqueradedSet(rule) ?? "");
    batch?.delete({ kind: "handle", chain: CHAIN.name, handle: rule.handle });
  }
  return sets.flatMap((set) => batches.get(set.name)?.delete(set) ?? []);
}
