import type { Leaving } from "./attached.ts";
import type { Feature } from "./feature.ts";
import type { Machine } from "./machine.ts";
import { type MasqueradeWish, masquerade } from "./masquerade/feature.ts";
import { register } from "./register/feature.ts";
import type { RegisterWish } from "./register/wish.ts";
import { spoofCheck } from "./spoof-check/feature.ts";

/** What a plugin's configuration asks for. */
export interface Wishes {
  readonly masquerade?: MasqueradeWish;
  readonly spoofCheck?: true;
  readonly register?: RegisterWish;
}

type Table = { readonly [K in keyof Wishes]-?: Feature<NonNullable<Wishes[K]>> };

/** A line each. What only a cold plugin wishes for is not here, but imported by that: this is in the snapshot. */
export const FEATURES: Table = { masquerade, spoofCheck, register };

const NAMES = Object.keys(FEATURES) as (keyof Wishes)[];

/** A feature, and what is wished of it. */
interface Asked<Wish> {
  readonly feature: Feature<unknown>;
  readonly wish: Wish;
}

/** All features; the wish is undefined where there is none. */
export function allFeatures(wishes: Wishes): Asked<unknown>[] {
  return NAMES.map((name) => ({ feature: FEATURES[name] as Feature<unknown>, wish: wishes[name] }));
}

type Binds = Feature<unknown>["binds"];

const binding = (what: Binds) => NAMES.filter((name) => FEATURES[name].binds === what);
const BINDING: Readonly<Record<Binds, readonly (keyof Wishes)[]>> = {
  service: binding("service"),
  addresses: binding("addresses"),
  link: binding("link"),
};

/** Removes what the features of a kind have made; the wishes may not be those of then. @throws as they do */
export function removeAll(binds: Binds, machine: Machine, wishes: Wishes, leaving: Leaving): void {
  const names = BINDING[binds];
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as keyof Wishes;
    (FEATURES[name] as Feature<unknown>).remove(machine, wishes[name], leaving);
  }
}

/** Those that are wished for. */
export function wishedFeatures(wishes: Wishes): Asked<NonNullable<unknown>>[] {
  const asked: Asked<NonNullable<unknown>>[] = [];
  // Each ADD asks several times, mostly for none.
  for (let i = 0; i < NAMES.length; i++) {
    const name = NAMES[i] as keyof Wishes;
    const wish = wishes[name];
    if (wish !== undefined) asked.push({ feature: FEATURES[name] as Feature<unknown>, wish });
  }
  return asked;
}

/** Those whose letters a lease has, with the wishes that these stand for. */
export function featuresOf(letters: string): Asked<NonNullable<unknown>>[] {
  return NAMES.flatMap((name) => {
    const feature = FEATURES[name] as Feature<unknown>;
    const meant = Object.entries(feature.letters).filter(([letter]) => letters.includes(letter));
    return meant.map(([, wish]) => ({ feature, wish: wish as NonNullable<unknown> }));
  });
}
