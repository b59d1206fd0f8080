import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { commentOf } from "./comments.ts";
import { type FoundChain, foundChain } from "./find.ts";
import { FAMILIES, type Family } from "./objects.ts";
import { chainAttrs, header, NFT_GETCHAIN, NFT_GETTABLE, tableAttrs, writeHeader } from "./tables.ts";

/** Questions of whoever looks at all that there is: nothing on the path of a plugin's call. */

export interface FoundTable {
  readonly family: Family;
  readonly name: string;
  readonly comment?: string | undefined;
}

const SHOW_TABLES: Question<Family, FoundTable> = {
  type: NFT_GETTABLE,
  flags: 0,
  text: (family) => `nft list tables ${family}`,
  write: writeHeader,
  read({ body }, family) {
    header.decode(body);
    const { name = "", userdata } = tableAttrs.decode(body);
    return { family, name, comment: commentOf(userdata) };
  },
};

/** Like `nft list tables FAMILY`; without one, of the families that objects.ts knows. */
export function listTables(client: Client, family?: Family): FoundTable[] {
  const families = family === undefined ? (Object.keys(FAMILIES) as Family[]) : [family];
  return families.flatMap((one) => client.dump(SHOW_TABLES, one));
}

interface WholeChain extends FoundChain {
  readonly table: string | undefined;
  readonly comment: string | undefined;
}

/** The tables are told apart here: the kernel lists those of all. */
const SHOW_CHAINS: Question<Family, WholeChain> = {
  type: NFT_GETCHAIN,
  flags: 0,
  text: (family) => `nft list chains ${family}`,
  write: writeHeader,
  read({ body }, family) {
    header.decode(body);
    const chain = chainAttrs.decode(body);
    return { ...foundChain(family, chain), table: chain.table, comment: commentOf(chain.userdata) };
  },
};

/** Like `nft list chains FAMILY`, of one table, without rules. */
export function listWholeChains(client: Client, family: Family, table: string): WholeChain[] {
  return client.dump(SHOW_CHAINS, family).filter((chain) => chain.table === table);
}
