import { parsePrefix } from "../../base/ip.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import type { FoundRule } from "../../nft/find.ts";
import { type RawRules, wordAt } from "../../nft/raw-rules.ts";
import { ADMIN_COMMENT, addressOf, publishedBy, tagOf } from "./layout.ts";
import type { Known } from "./removal.ts";
import { specOf } from "./spec.ts";

/** Whose rules are wanted of thousands, and what is known of it: see removal.ts. */
export interface About extends Known {
  readonly tag: string;
}

/**
 * Of the rules of published ports and of accepted addresses, as many as decide what becomes of an attachment's: its own and
 * those of its addresses, those that lead to the operator's chains, and of each of its bridges one of another attachment.
 * Undefined where there is no such: what becomes of the bridge's own rules all others decide.
 */
export function rulesAbout(
  { tag, addresses, bridge }: About,
  published: RawRules,
  accepted: RawRules,
): { published: FoundRule[]; accepted: FoundRule[] } | undefined {
  const own = [...published.with([wordOfTag(tag)])].map(specOfRule).filter((spec) => tagOf(spec) === tag);
  const bridges = new Set([bridge, ...own.map((spec) => publishedBy(spec)?.bridge)].filter((one) => one !== undefined));
  const others: FoundRule[] = [];
  for (const name of bridges) {
    const other = find(published.with([wordOfBridge(name)]), (rule) => {
      const spec = specOfRule(rule);
      return tagOf(spec) !== tag && publishedBy(spec)?.bridge === name;
    });
    if (!other) return undefined;
    others.push(other);
  }
  const theirs = new Set([...addresses, ...own.map(addressOf)]);
  const words = [WORD_OF_ADMIN, ...[...theirs].flatMap((address) => wordOfAddress(address) ?? [])];
  const about = [...published.with([wordOfTag(tag), ...words])];
  const missing = others.filter(({ handle }) => !about.some((rule) => rule.handle === handle));
  return { published: [...about, ...missing], accepted: [...accepted.with(words)] };
}

function find<T>(all: Iterable<T>, is: (one: T) => boolean): T | undefined {
  for (const one of all) if (is(one)) return one;
  return undefined;
}

function specOfRule({ exprs }: FoundRule): string {
  return specOf(exprs) ?? "";
}

/** Where words of a comment are: of a tag in what differs from attachment to attachment, of a bridge behind its first letter. */
const OF_TAG = 20;
const OF_BRIDGE = 44;
const WORD_OF_ADMIN = wordAt(encodeUtf8(ADMIN_COMMENT), ADMIN_COMMENT.length - (ADMIN_COMMENT.length % 4) - 4);

function wordOfTag(tag: string): number {
  return wordAt(encodeUtf8(tag), OF_TAG);
}

function wordOfBridge(name: string): number {
  const comment = `${"-".repeat(33)}, bridge: ${name}, net: `;
  return wordAt(encodeUtf8(comment), OF_BRIDGE);
}

/** Undefined for what is no address. */
function wordOfAddress(address: string): number | undefined {
  const prefix = parsePrefix(address);
  return prefix && wordAt(prefix.ip, prefix.ip.length - 4);
}
