import { Batch } from "../../../nft/batch.ts";
import { concatInSet, type IpFamily, saddrNetwork } from "../../../nft/match-concat.ts";
import { verdict } from "../../../nft/match-link.ts";
import { type Packed, packedCommands } from "../../../nft/packed.ts";
import { addChoices, type Choice } from "./choices.ts";
import { Elements, type SetId } from "./elements.ts";
import { keyParts, RANGES_CHAIN, rangesLength, rangesSet, TABLE } from "./layout.ts";

/** What of the kernel's elements is to change in one family, in one transaction. */

/** In the order in which they are added: what a service's own element leads to is there before it. */
const ORDER: readonly SetId[] = [
  "live",
  "members",
  "endpoints",
  "targets",
  "hairpin",
  "guarded",
  "masquerade",
  "masquerade-node",
  "foreign",
  "groups",
  "services-inside",
  "node-inside",
  "services",
  "node",
];

export class Edits {
  readonly family: IpFamily;
  readonly added: Elements;
  readonly removed: Elements;
  readonly #choices = new Set<Choice>();

  constructor(family: IpFamily) {
    this.family = family;
    this.added = new Elements(family);
    this.removed = new Elements(family);
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** How many elements come and go. */
  get size(): number {
    return this.added.count + this.removed.count;
  }

  /** That elements need a choice's chains. */
  choose(choice: Choice): void {
    this.#choices.add(choice);
  }

  /** What is done in which order: what a service is led to goes after it, and comes before it. */
  *changes(): Iterable<{ readonly verb: "add" | "delete"; readonly set: SetId; readonly items: Packed }> {
    for (const set of ordered(this.removed).reverse()) yield { verb: "delete", set, items: this.removed.of(set) };
    for (const set of ordered(this.added)) yield { verb: "add", set, items: this.added.of(set) };
  }

  /** The commands; `known` is what has been made of choices and of lengths of ranges, and is added to. */
  batch(known: Known): Batch {
    const batch = new Batch(this.family, TABLE);
    const { choices } = known;
    addChoices(
      batch,
      this.family,
      [...this.#choices].filter((choice) => !choices.has(choice)),
    );
    for (const choice of this.#choices) choices.add(choice);
    for (const set of this.added.ids()) this.#addRanges(batch, set, known);
    for (const { verb, items } of this.changes()) for (const command of packedCommands(items)) batch[verb](command);
    return batch;
  }

  #addRanges(batch: Batch, set: SetId, { lengths }: Known): void {
    const length = rangesLength(set);
    if (length === undefined || lengths.has(length)) return;
    lengths.add(length);
    const ranges = rangesSet(this.family, length);
    const parts = [...keyParts(this.family, "services"), saddrNetwork(this.family, length)];
    const statements = [concatInSet(parts, ranges), verdict("return")];
    batch.add(ranges).insert({ kind: "rule", chain: RANGES_CHAIN.name, statements });
  }
}

/** What has been made in a family besides elements. */
export interface Known {
  readonly choices: Set<Choice>;
  /** Of the networks in source ranges. */
  readonly lengths: Set<number>;
}

function ordered(elements: Elements): SetId[] {
  const ids = elements.ids();
  const ranges = ids.filter((set) => rangesLength(set) !== undefined);
  return [...ranges, ...ORDER.filter((set) => ids.includes(set))];
}
