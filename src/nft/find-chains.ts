import type { Client } from "../netlink/client.ts";
import { about } from "./ask.ts";
import { commentOf } from "./comments.ts";
import type { Family } from "./objects.ts";
import { chainAttrs, header, NFT_GETCHAIN } from "./tables.ts";

/** Like `nft list chains FAMILY`, of one table: the names and comments ("" without one). */
export function listChains(client: Client, family: Family, table: string): { name: string; comment: string }[] {
  const body = about(family, () => {});
  const chains = client.dump(`nft list chains ${family}`, NFT_GETCHAIN, body, ({ body }) => {
    header.decode(body);
    const { name = "", table: home, userdata } = chainAttrs.decode(body);
    return { name, home, comment: commentOf(userdata) ?? "" };
  });
  return chains.filter(({ home }) => home === table).map(({ name, comment }) => ({ name, comment }));
}
