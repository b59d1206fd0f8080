import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { commentOf } from "./comments.ts";
import { SHOW_TABLE, type TableRef } from "./find.ts";
import type { Family } from "./objects.ts";
import { header, tableAttrs } from "./tables.ts";

const SHOW_COMMENT: Question<TableRef, string> = {
  ...SHOW_TABLE,
  read({ body }) {
    header.decode(body);
    return commentOf(tableAttrs.decode(body).userdata) ?? "";
  },
};

/** The comment of a table, "" when it has none; undefined when there is no such table. */
export function findTableComment(client: Client, family: Family, name: string): string | undefined {
  return client.get(SHOW_COMMENT, { family, name });
}
