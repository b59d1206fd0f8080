import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { findAttr, lazyAttrs } from "../wire/attrs.ts";
import { cstr, u32be } from "../wire/coder.ts";
import { Reader } from "../wire/cursor.ts";
import type { Message } from "../wire/message.ts";
import { expr } from "./expr.ts";
import { type ChainRef, type FoundRule, RULES } from "./find.ts";
import { SET, SETS, type SetRef, type SetsRef } from "./find-set.ts";
import type { Family } from "./objects.ts";
import { header, ruleAttrs } from "./tables.ts";

/** Questions whose answers are long, and of which little is wanted: what is not is hardly looked at. */

/** NFTA_SET_NAME and NFTA_SET_COUNT, which Linux has since 6.16. */
const readSet = lazyAttrs({ name: [2, cstr], count: [20, u32be] });

export interface EmptySet {
  readonly name: string;
  /** Whether the kernel has said so; else it may have elements. */
  readonly sure: boolean;
}

const SHOW_SETS: Question<SetsRef, EmptySet | undefined> = { ...SETS, read: decodeEmpty };

/** The sets of a table but for those that had elements when the kernel listed them, oldest first. */
export function listEmptySets(client: Client, family: Family, table: string): EmptySet[] {
  return client.dump(SHOW_SETS, { family, table }).filter((set) => set !== undefined);
}

function decodeEmpty({ body }: Message): EmptySet | undefined {
  header.decode(body);
  const set = readSet(body);
  const { count } = set;
  return count ? undefined : { name: set.name ?? "", sure: count !== undefined };
}

const SHOW_COUNT: Question<SetRef, number | undefined> = {
  ...SET,
  read({ body }) {
    header.decode(body);
    return readSet(body).count;
  },
};

/** How many elements a set has; undefined also where the kernel does not say. */
export function countElements(client: Client, family: Family, table: string, name: string): number | undefined {
  return client.get(SHOW_COUNT, { family, table, name });
}

interface RulesOf extends ChainRef {
  readonly sets: ReadonlySet<string>;
}

type LookingRule = Pick<FoundRule, "handle" | "exprs">;

const SHOW_RULES_OF: Question<RulesOf, LookingRule | undefined> = {
  ...RULES,
  read({ body }, { sets }) {
    header.decode(body);
    if (!sets.has(firstLookup(body) ?? "")) return undefined;
    const { handle = 0, exprs = [] } = ruleAttrs.decode(body);
    return { handle, exprs };
  },
};

/** The rules of a chain whose first lookup is in one of `sets`, in order. Empty also without the chain. */
export function listRulesOf(
  client: Client,
  family: Family,
  table: string,
  chain: string,
  sets: ReadonlySet<string>,
): LookingRule[] {
  return client.dump(SHOW_RULES_OF, { family, table, chain, sets }).filter((rule) => rule !== undefined);
}

const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_LIST_ELEM = 1;
const NFTA_EXPR_NAME = 1;

/** The set that the first lookup among a rule's expressions is in. */
function firstLookup(rule: Reader): string | undefined {
  const { buf, at, end } = findAttr(rule, NFTA_RULE_EXPRESSIONS) ?? new Reader(new Uint8Array(0));
  for (let next = at; ; ) {
    const one = findAttr(new Reader(buf, next, end), NFTA_LIST_ELEM);
    const name = one && findAttr(one, NFTA_EXPR_NAME);
    if (!one || !name) return undefined;
    next += (one.end - next + 3) & ~3;
    if (cstr.decode(name) !== "lookup") continue;
    const lookup = expr.decode(one);
    return lookup.name === "lookup" ? lookup.data.set : undefined;
  }
}
