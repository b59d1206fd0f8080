/** Matches in tests, by their text. */
import { parseCondition } from "../../src/features/port-map/condition-words.ts";
import type { IpFamily } from "../../src/features/port-map/nft-layout.ts";
import type { Match } from "../../src/nft/match-values.ts";
import type { Lab } from "./lab.ts";

export function matchesOf(family: IpFamily, text: string): readonly Match[] {
  return parseCondition(family, text)?.matches ?? [];
}

/**
 * `nft --debug=netlink list ruleset`, which prints each expression, without the numbers of rules and literals. Elements come in
 * an order of their hash, and nft marks those that no end follows.
 */
export function expressions(lab: Lab, ns: string): string[] {
  const text = lab.sh(ns, "nft", "--debug=netlink", "list", "ruleset");
  const plain = text.replaceAll(/^(\w+ t c)( \d+)+/gm, "$1").replaceAll(/__set\d+| +userdata = .*/g, "");
  const lines = plain.split("\n");
  const isElement = (line: string) => line.startsWith("\telement");
  return [...lines.filter((line) => !isElement(line)), ...lines.filter(isElement).sort()];
}
