import type { Client } from "../netlink/client.ts";
import { findAttr, lazyAttrs } from "../wire/attrs.ts";
import { cstr, u32be } from "../wire/coder.ts";
import { Reader } from "../wire/cursor.ts";
import type { Message } from "../wire/message.ts";
import { about, found } from "./ask.ts";
import { expr } from "./expr.ts";
import type { FoundRule } from "./find.ts";
import type { Family } from "./objects.ts";
import { header, NFT_GETRULE, NFT_GETSET, ruleAttrs, setAttrs } from "./tables.ts";

/** Questions whose answers are long, and of which little is wanted: what is not is hardly looked at. */

/** NFTA_SET_NAME and NFTA_SET_COUNT, which Linux has since 6.16. */
const readSet = lazyAttrs({ name: [2, cstr], count: [20, u32be] });

export interface EmptySet {
  readonly name: string;
  /** Whether the kernel has said so; else it may have elements. */
  readonly sure: boolean;
}

/** The sets of a table but for those that had elements when the kernel listed them, oldest first. */
export function listEmptySets(client: Client, family: Family, table: string): EmptySet[] {
  const body = about(family, (w) => setAttrs.encode(w, { table }));
  const sets = found(() => client.dump(`nft list sets table ${family} ${table}`, NFT_GETSET, body, decodeEmpty));
  return (sets ?? []).filter((set) => set !== undefined);
}

function decodeEmpty({ body }: Message): EmptySet | undefined {
  header.decode(body);
  const set = readSet(body);
  const { count } = set;
  return count ? undefined : { name: set.name ?? "", sure: count !== undefined };
}

/** The rules of a chain whose first lookup is in one of `sets`, in order. Empty also without the chain. */
export function listRulesOf(
  client: Client,
  family: Family,
  table: string,
  chain: string,
  sets: ReadonlySet<string>,
): Pick<FoundRule, "handle" | "exprs">[] {
  const body = about(family, (w) => ruleAttrs.encode(w, { table, chain }));
  const rules = found(() =>
    client.dump(`nft list chain ${family} ${table} ${chain}`, NFT_GETRULE, body, ({ body }) => {
      header.decode(body);
      return sets.has(firstLookup(body) ?? "") ? ruleAttrs.decode(body) : undefined;
    }),
  );
  return (rules ?? []).flatMap((rule) => (rule ? { handle: rule.handle ?? 0, exprs: rule.exprs ?? [] } : []));
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
