import type { Left } from "./left.ts";

/** What whoever puts the reference's plugins back should know of live attachments; "" where there is nothing. */
export function leftText(left: readonly Left[] | undefined): string {
  if (left === undefined) return "\nWhat live attachments would leave could not be looked at: root may.\n";
  if (left.length === 0) return "";
  const lines = left.map(({ table, owner }) => `  table ${table}: ${owner}\n`).join("");
  const tables = [...new Set(left.map(({ table }) => table))];
  return `
These attachments were made by berth and have elements in tables of berth's own, which the reference's DEL leaves there:
${lines}End them before, with berth's plugins still in place: then nothing stays. Or, when all of them are gone:
${tables.map((table) => `  nft delete table ${table}\n`).join("")}Until then a mapped port may lead to an address that another container has by then. Debian's build of the reference fails once
at the DEL of an attachment with ipMasq, and succeeds when the runtime repeats it (docs/differences.md#rolling-back).
`;
}
