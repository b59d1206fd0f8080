import { isDeepStrictEqual } from "node:util";

/** @throws Error with both when `came` is not `wanted`; of two lists with what only one of them has */
export function checked(what: string, came: unknown, wanted: unknown): void {
  if (isDeepStrictEqual(came, wanted)) return;
  const [ours, theirs] = Array.isArray(came) && Array.isArray(wanted) ? beyond(came, wanted) : [came, wanted];
  throw new Error(`${what}: ${shown(ours)}\n  not ${shown(theirs)}`);
}

function beyond(came: readonly unknown[], wanted: readonly unknown[]): [unknown[], unknown[]] {
  const without = (all: readonly unknown[], those: readonly unknown[]) =>
    all.filter((one) => !those.some((other) => isDeepStrictEqual(one, other)));
  return [without(came, wanted), without(wanted, came)];
}

/** Characters of each side. */
const SHOWN = 4000;

const shown = (value: unknown) => JSON.stringify(value, undefined, 1)?.slice(0, SHOWN);
