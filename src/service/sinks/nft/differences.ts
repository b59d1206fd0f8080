import type { IpFamily } from "../../../nft/match-concat.ts";
import { numberAt } from "./bytes.ts";
import type { Edits } from "./edits.ts";
import { type Elements, noteDifference } from "./elements.ts";
import type { Found } from "./found.ts";
import { FAMILIES } from "./layout.ts";
import { newEdits } from "./ledger.ts";

/** What makes what is wanted of what was found, with the chains that it needs. */
export function differencesIn(
  found: Readonly<Record<IpFamily, Found>>,
  wanted: Readonly<Record<IpFamily, Elements>>,
): Readonly<Record<IpFamily, Edits>> {
  const edits = newEdits();
  for (const family of FAMILIES) {
    const { removed, added } = edits[family];
    chooseAll(edits[family], wanted[family]);
    noteDifference(found[family].elements, wanted[family], removed, added);
  }
  return edits;
}

function chooseAll(edits: Edits, wanted: Elements): void {
  const groups = wanted.get("groups");
  for (let i = 0; groups && i < groups.count; i++)
    edits.choose(numberAt(groups.bytes, i * groups.size + groups.keySize));
}
