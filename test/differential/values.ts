/** Small words for generators. */
import fc from "fast-check";
import type { Json } from "../support/command.ts";

export type Values = fc.Arbitrary<Json>;

/** One of the values, each with its weight. */
export function pick<T>(...choices: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
}

/** `values` in so many of a hundred cases, else undefined: for `record`, no key. */
export function key(percent: number, values: Values): Values {
  return fc.oneof({ weight: 100 - percent, arbitrary: fc.constant(undefined) }, { weight: percent, arbitrary: values });
}

/** An object of these members, without those that are undefined. */
export function record(members: Record<string, Values>): Values {
  return fc.record(members).map((made) => Object.fromEntries(Object.entries(made).filter(([, v]) => v !== undefined)));
}
