import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { commentOf } from "./comments.ts";
import type { Family } from "./objects.ts";
import { chainAttrs, header, NFT_GETCHAIN, writeHeader } from "./tables.ts";

interface FoundComment {
  readonly name: string;
  readonly comment: string;
}

/** The tables are told apart here: the kernel lists those of all. */
const SHOW_CHAINS: Question<Family, FoundComment & { readonly table: string | undefined }> = {
  type: NFT_GETCHAIN,
  flags: 0,
  text: (family) => `nft list chains ${family}`,
  write: writeHeader,
  read({ body }) {
    header.decode(body);
    const { name = "", table, userdata } = chainAttrs.decode(body);
    return { name, table, comment: commentOf(userdata) ?? "" };
  },
};

/** Like `nft list chains FAMILY`, of one table: the names and comments ("" without one). */
export function listChains(client: Client, family: Family, table: string): FoundComment[] {
  const chains = client.dump(SHOW_CHAINS, family).filter((chain) => chain.table === table);
  return chains.map(({ name, comment }) => ({ name, comment }));
}
