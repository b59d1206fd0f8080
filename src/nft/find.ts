import type { Client } from "../netlink/client.ts";
import { about, found } from "./ask.ts";
import { commentOf } from "./comments.ts";
import { type Expr, NF_DROP } from "./expr.ts";
import { type Base, type Family, hookOf } from "./objects.ts";
import { chainAttrs, header, NFT_GETCHAIN, NFT_GETRULE, NFT_GETTABLE, ruleAttrs, tableAttrs } from "./tables.ts";

/** Questions about single objects, by name: never a whole ruleset. */

/** Whether there is such a table. */
export function hasTable(client: Client, family: Family, name: string): boolean {
  const body = about(family, (w) => tableAttrs.encode(w, { name }));
  return found(() => client.get(`nft list table ${family} ${name}`, NFT_GETTABLE, body, () => true)) ?? false;
}

export interface FoundChain {
  readonly name: string;
  /** Absent for a chain that is only jumped to, or on a hook that objects.ts does not know. */
  readonly base?: Base;
}

/** Like `nft list chain FAMILY TABLE NAME` without its rules. Undefined when there is no such chain or table. */
export function findChain(client: Client, family: Family, table: string, name: string): FoundChain | undefined {
  const body = about(family, (w) => chainAttrs.encode(w, { table, name }));
  return found(() =>
    client.get(`nft list chain ${family} ${table} ${name}`, NFT_GETCHAIN, body, ({ body }) => {
      header.decode(body);
      const { name = "", type, hook, policy } = chainAttrs.decode(body);
      const at = hook && hookOf(family, hook.number ?? -1);
      if (!at) return { name };
      const base: Base = {
        type: type as Base["type"],
        hook: at,
        priority: hook.priority ?? 0,
        policy: policy === NF_DROP ? "drop" : "accept",
      };
      return { name, base };
    }),
  );
}

export interface FoundRule {
  /** Its number in the table, for deleting it. */
  readonly handle: number;
  /** "" when it has none. */
  readonly comment: string;
  readonly exprs: readonly Expr[];
}

/** Like `nft -a list chain FAMILY TABLE CHAIN`: its rules in order. Empty also when there is no such chain or table. */
export function listRules(client: Client, family: Family, table: string, chain: string): FoundRule[] {
  const body = about(family, (w) => ruleAttrs.encode(w, { table, chain }));
  const operation = `nft list chain ${family} ${table} ${chain}`;
  const rules = found(() =>
    client.dump(operation, NFT_GETRULE, body, ({ body }) => {
      header.decode(body);
      const { handle = 0, userdata, exprs = [] } = ruleAttrs.decode(body);
      return { handle, comment: commentOf(userdata) ?? "", exprs };
    }),
  );
  return rules ?? [];
}
