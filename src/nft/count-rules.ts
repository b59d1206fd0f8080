import { ENOENT } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { u32be } from "../wire/coder.ts";
import type { ChainRef } from "./find.ts";
import { chainAttrs, header, NFT_GETCHAIN, writeHeader } from "./tables.ts";

/** NFTA_CHAIN_USE: rules in it and jumps to it. */
const useAttrs = attrs({ use: [6, u32be] });

const SHOW_USE: Question<ChainRef, number> = {
  type: NFT_GETCHAIN,
  flags: 0,
  absent: ENOENT,
  text: ({ family, table, chain }) => `nft list chain ${family} ${table} ${chain}`,
  write(w, { family, table, chain }) {
    writeHeader(w, family);
    chainAttrs.encode(w, { table, name: chain });
  },
  read({ body }) {
    header.decode(body);
    return useAttrs.decode(body).use ?? 0;
  },
};

/** How many rules a chain has, and rules that jump to it, at the cost of one request; 0 when there is no such chain. */
export function countRules(client: Client, chain: ChainRef): number {
  return client.get(SHOW_USE, chain) ?? 0;
}
