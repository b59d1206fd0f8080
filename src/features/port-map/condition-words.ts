import type { Match } from "../../nft/match-values.ts";
import { protocolOf } from "../../nft/match-values.ts";
import { assertAgree, readMatch, refusal, Words } from "../../nft/match-words.ts";
import { type Condition, conditionOf } from "./condition.ts";
import type { IpFamily } from "./nft-layout.ts";

/** Conditions in nft's words: the part of its syntax that is compiled here, since no nft binary is needed. */

/**
 * The condition that a text is; undefined for one without words. Throws Explained, which names the word that is not understood
 * and says what is.
 */
export function parseCondition(family: IpFamily, text: string): Condition | undefined {
  const words = new Words(text);
  const matches: Match[] = [];
  let known: number | undefined;
  while (words.peek() !== undefined) {
    const match = readMatch(family, words);
    const protocol = protocolOf(match);
    assertAgree(match.field, known, protocol);
    known = protocol ?? known;
    if (matches.push(match) > MATCHES_MAX) {
      throw refusal(
        match.field,
        "is one match too many",
        `expected ${MATCHES_MAX} at most: a rule has no room for more`,
      );
    }
  }
  return matches.length > 0 ? conditionOf(matches) : undefined;
}

/** A rule has 128 expressions at most (NFT_RULE_MAXEXPRS); a match is three, and one protocol's first one two more. */
const MATCHES_MAX = 40;
