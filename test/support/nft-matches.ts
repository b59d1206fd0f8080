/** Matches in tests, by their text. */
import { parseCondition } from "../../src/features/port-map/condition-words.ts";
import type { IpFamily } from "../../src/features/port-map/nft-layout.ts";
import type { Match } from "../../src/nft/match-values.ts";

export function matchesOf(family: IpFamily, text: string): readonly Match[] {
  return parseCondition(family, text)?.matches ?? [];
}
