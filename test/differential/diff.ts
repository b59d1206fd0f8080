import type { Json } from "../support/command.ts";

/** A place at which the two sides are not the same; undefined: that side has nothing there. */
export interface Difference {
  readonly path: readonly string[];
  readonly berth: Json;
  readonly reference: Json;
}

/** All differences of two JSON values. The order of an object's keys does not matter, that of an array does. */
export function differences(berth: Json, reference: Json, path: readonly string[] = []): Difference[] {
  if (Object.is(berth, reference)) return [];
  if (!isObject(berth) || !isObject(reference) || Array.isArray(berth) !== Array.isArray(reference))
    return [{ path, berth, reference }];
  const keys = new Set([...Object.keys(berth), ...Object.keys(reference)]);
  return [...keys].flatMap((key) => differences(berth[key], reference[key], [...path, key]));
}

function isObject(value: Json): boolean {
  return typeof value === "object" && value !== null;
}
