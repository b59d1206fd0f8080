import type { Client } from "../../../netlink/client.ts";
import { countRules } from "../../../nft/count-rules.ts";
import { findTableComment } from "../../../nft/find-table.ts";
import type { IpFamily } from "../../../nft/match-concat.ts";
import { layoutComment, type Networks, rulesOf, TABLE } from "./layout.ts";

/**
 * Whether a family's table is there, of this layout, and has the layout's rules: `nft flush table` leaves all but those. Throws
 * NetlinkError.
 */
export function isLayoutThere(client: Client, family: IpFamily, networks: Networks): boolean {
  if (findTableComment(client, family, TABLE) !== layoutComment(family, networks)) return false;
  const rules = new Map<string, number>();
  for (const { chain } of rulesOf(family, networks)) rules.set(chain, (rules.get(chain) ?? 0) + 1);
  return [...rules].every(([chain, count]) => countRules(client, { family, table: TABLE, chain }) >= count);
}
