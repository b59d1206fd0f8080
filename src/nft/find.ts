import { ENOENT } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import type { Form, Question } from "../netlink/request.ts";
import type { Value } from "../wire/coder.ts";
import type { Writer } from "../wire/cursor.ts";
import type { Message } from "../wire/message.ts";
import { commentOf } from "./comments.ts";
import { type Expr, NF_DROP } from "./expr.ts";
import { type Base, type Family, hookOf } from "./objects.ts";
import {
  chainAttrs,
  header,
  NFT_GETCHAIN,
  NFT_GETRULE,
  NFT_GETTABLE,
  ruleAttrs,
  tableAttrs,
  writeHeader,
} from "./tables.ts";

/** Questions about single objects, by name: never a whole ruleset. */

export interface TableRef {
  readonly family: Family;
  readonly name: string;
}

/** How a table is asked for. */
export const SHOW_TABLE: Question<TableRef, true> = {
  type: NFT_GETTABLE,
  flags: 0,
  absent: ENOENT,
  text: ({ family, name }) => `nft list table ${family} ${name}`,
  write(w, { family, name }) {
    writeHeader(w, family);
    tableAttrs.encode(w, { name });
  },
  read: () => true,
};

/** Whether there is such a table. */
export function hasTable(client: Client, family: Family, name: string): boolean {
  return client.get(SHOW_TABLE, { family, name }) ?? false;
}

export interface FoundChain {
  readonly name: string;
  /** Absent for a chain that is only jumped to, or on a hook that objects.ts does not know. */
  readonly base?: Base;
}

export interface ChainRef {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
}

const SHOW_CHAIN: Question<ChainRef, FoundChain> = {
  type: NFT_GETCHAIN,
  flags: 0,
  absent: ENOENT,
  text: chainText,
  write(w, { family, table, chain }) {
    writeHeader(w, family);
    chainAttrs.encode(w, { table, name: chain });
  },
  read: decodeChain,
};

function chainText({ family, table, chain }: ChainRef): string {
  return `nft list chain ${family} ${table} ${chain}`;
}

function decodeChain({ body }: Message, { family }: ChainRef): FoundChain {
  header.decode(body);
  return foundChain(family, chainAttrs.decode(body));
}

/** What the attributes of a chain say. */
export function foundChain(family: Family, chain: Value<typeof chainAttrs>): FoundChain {
  const { name = "", type, hook, policy } = chain;
  const at = hook && hookOf(family, hook.number ?? -1);
  if (!at) return { name };
  const base: Base = {
    type: type as Base["type"],
    hook: at,
    priority: hook.priority ?? 0,
    policy: policy === NF_DROP ? "drop" : "accept",
  };
  return { name, base };
}

/** Like `nft list chain FAMILY TABLE NAME` without its rules. Undefined when there is no such chain or table. */
export function findChain(client: Client, family: Family, table: string, name: string): FoundChain | undefined {
  return client.get(SHOW_CHAIN, { family, table, chain: name });
}

export interface FoundRule {
  /** Its number in the table, for deleting it. */
  readonly handle: number;
  /** "" when it has none. */
  readonly comment: string;
  readonly exprs: readonly Expr[];
}

/** How the rules of a chain are asked for. */
export const RULES = {
  type: NFT_GETRULE,
  flags: 0,
  absent: ENOENT,
  text: chainText,
  write(w: Writer, { family, table, chain }: ChainRef) {
    writeHeader(w, family);
    ruleAttrs.encode(w, { table, chain });
  },
} satisfies Form<ChainRef> & { absent: number };

const SHOW_RULES: Question<ChainRef, FoundRule> = {
  ...RULES,
  read: readRule,
};

export function readRule({ body }: Message): FoundRule {
  header.decode(body);
  const { handle = 0, userdata, exprs = [] } = ruleAttrs.decode(body);
  return { handle, comment: commentOf(userdata) ?? "", exprs };
}

/** Like `nft -a list chain FAMILY TABLE CHAIN`: its rules in order. Empty also when there is no such chain or table. */
export function listRules(client: Client, family: Family, table: string, chain: string): FoundRule[] {
  return client.dump(SHOW_RULES, { family, table, chain });
}
