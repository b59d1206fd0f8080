import { sha512 } from "#sys";
import { type Match, type Matching, matching, matchText } from "../../nft/match-values.ts";
import { FAMILIES } from "../../nft/objects.ts";
import type { IpFamily } from "./nft-layout.ts";

/** What a packet must be for the ports to be mapped (`conditionsV4`, `conditionsV6` in nft's words). */
export interface Condition {
  /** At least one; all must hold. */
  readonly matches: readonly Match[];
  /** By which its chain and maps are called: 12 hexadecimal digits of its text. */
  readonly digest: string;
}

const DIGEST_LENGTH = 12;

export function conditionOf(matches: readonly Match[]): Condition {
  return { matches, digest: sha512(textOf(matches)).slice(0, DIGEST_LENGTH) };
}

/** In nft's words, the same for all that mean the same in the same order. */
export function conditionText({ matches }: Condition): string {
  return textOf(matches);
}

function textOf(matches: readonly Match[]): string {
  return matches.map(matchText).join(" ");
}

/** The beginning of a rule, with literals that no other family's condition has the numbers of. */
export function matchingOf(family: IpFamily, { matches }: Condition): Matching {
  return matching(matches, FAMILIES[family] << 16);
}
