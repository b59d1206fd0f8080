/** Configurations, changed anywhere. */
import fc from "fast-check";
import { pick } from "../../differential/values.ts";
import type { Json } from "../../support/command.ts";

export interface Mutation {
  /** Which of the configuration's members and items; counted round. */
  readonly at: number;
  /** "case": its name in the other case. "twice": before it, the same in the other case; "null": after it, null. */
  readonly how: "value" | "drop" | "case" | "twice" | "null";
  readonly value: Json;
}

/** What may be in the place of any value: of each type, and on both sides of limits. */
export const VALUES: readonly Json[] = [
  ...[null, true, [], {}, [[]], [null], { "": null }, [{}], ["10.1.2.3"]],
  ...[-1, 0, 1, 1.5, 67, 68, 4094, 4095, 65_535, 65_536, 2 ** 53],
  ...["", "text", "a/b", "a b", "a:b", "-a", "..", "10.1.2.3", "10.1.2.0/24", "::1", "::ffff:10.1.2.0/120", "1.0"],
  ...["02:00:00:00:00:01", "01:00:00:00:00:01", "02:00:00:00:00:00:00:01"],
  ...[15, 16, 255, 256].map((length) => "n".repeat(length)),
  ...["\u00fc".repeat(7), "\u00fc".repeat(8)],
];

/** Changes of values come first: Go reads every spelling of a name, so that a wrong value is refused also before a good one. */
export const mutations: fc.Arbitrary<Mutation[]> = fc
  .tuple(
    changes(pick([4, "value" as const], [1, "drop" as const])),
    changes(pick([2, "case" as const], [1, "twice" as const], [1, "null" as const])),
  )
  .map(([values, spellings]) => [...values, ...spellings]);

function changes(how: fc.Arbitrary<Mutation["how"]>): fc.Arbitrary<Mutation[]> {
  return fc.array(fc.record({ at: fc.nat(), how, value: fc.constantFrom(...VALUES) }), { maxLength: 2 });
}

/** `conf`, which stays as it is, with one change. */
export function mutated(conf: Json, { at, how, value }: Mutation): Json {
  const copy = structuredClone(conf);
  const places = placesOf(copy);
  const place = places[at % places.length];
  if (place === undefined) return copy;
  const { holder, name } = place;
  if (how === "value") holder[name] = value;
  else if (how === "drop" && !Array.isArray(holder)) delete holder[name];
  else if (!Array.isArray(holder)) respell(holder, name, how);
  return copy;
}

function respell(holder: Json, name: string, how: Mutation["how"]): void {
  const other = name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase();
  if (other === name) return;
  const value = holder[name];
  if (how === "null") holder[other] = null;
  else holder[other] = value;
  if (how === "case") delete holder[name];
  if (how !== "twice") return;
  delete holder[name];
  holder[name] = structuredClone(value);
}

/**
 * Whether a name stands there in two spellings with values that differ. Go reads both, and what is wrong in the first is
 * refused though the second counts: the schema never sees the first.
 */
export function contradictsItself(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  const seen = new Map<string, string>();
  return Object.entries(value).some(([name, member]) => {
    const text = JSON.stringify(member);
    const before = seen.get(name.toLowerCase()) ?? text;
    seen.set(name.toLowerCase(), text);
    return (member !== null && before !== "null" && before !== text) || contradictsItself(member);
  });
}

interface Place {
  readonly holder: Json;
  readonly name: string;
}

/** All members and items of a value, at any depth. */
export function placesOf(value: Json): Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((name) => [{ holder: value, name }, ...placesOf(value[name])]);
}
