import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { generationAttrs, header, NFT_GETGEN, writeBatchHeader } from "./tables.ts";

const SHOW_GENERATION: Question<undefined, number> = {
  type: NFT_GETGEN,
  flags: 0,
  text: () => "nft list ruleset generation",
  write: (w) => writeBatchHeader(w),
  read({ body }) {
    header.decode(body);
    return generationAttrs.decode(body).id ?? 0;
  },
};

/** The number of the last change of the ruleset: what is read after it is of this generation or a later one. */
export function findGeneration(client: Client): number {
  return client.get(SHOW_GENERATION, undefined) ?? 0;
}
