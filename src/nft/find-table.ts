import { ENOENT } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { commentOf } from "./comments.ts";
import type { Family } from "./objects.ts";
import { header, NFT_GETTABLE, tableAttrs, writeHeader } from "./tables.ts";

interface TableRef {
  readonly family: Family;
  readonly name: string;
}

const SHOW_TABLE: Question<TableRef, string> = {
  type: NFT_GETTABLE,
  flags: 0,
  absent: ENOENT,
  text: ({ family, name }) => `nft list table ${family} ${name}`,
  write(w, { family, name }) {
    writeHeader(w, family);
    tableAttrs.encode(w, { name });
  },
  read({ body }) {
    header.decode(body);
    return commentOf(tableAttrs.decode(body).userdata) ?? "";
  },
};

/** The comment of a table, "" when it has none; undefined when there is no such table. */
export function findTableComment(client: Client, family: Family, name: string): string | undefined {
  return client.get(SHOW_TABLE, { family, name });
}
