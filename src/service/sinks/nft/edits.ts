import { Batch } from "../../../nft/batch.ts";
import { concatInSet, type IpFamily, saddrNetwork } from "../../../nft/match-concat.ts";
import { verdict } from "../../../nft/match-link.ts";
import { ELEMENTS_MAX, type NftSet } from "../../../nft/objects.ts";
import { bytesText } from "./bytes.ts";
import { addChoices, type Choice } from "./choices.ts";
import { keyParts, MAPS, RANGES_CHAIN, rangesSet, TABLE } from "./layout.ts";
import type { SetId } from "./port-plan.ts";

/** What of the kernel's elements is to change in one family, in one transaction. */

export interface Item {
  readonly key: Uint8Array;
  readonly data?: Uint8Array;
}

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
  readonly #added = new Map<SetId, Item[]>();
  readonly #removed = new Map<SetId, Item[]>();
  readonly #choices = new Set<Choice>();

  constructor(family: IpFamily) {
    this.family = family;
  }

  get isEmpty(): boolean {
    return this.#added.size === 0 && this.#removed.size === 0;
  }

  /** How many elements come and go. */
  get size(): number {
    const count = (items: ReadonlyMap<SetId, Item[]>) =>
      [...items.values()].reduce((sum, { length }) => sum + length, 0);
    return count(this.#added) + count(this.#removed);
  }

  add(set: SetId, item: Item): void {
    push(this.#added, set, item);
  }

  remove(set: SetId, item: Item): void {
    push(this.#removed, set, item);
  }

  /** That elements need a choice's chains. */
  choose(choice: Choice): void {
    this.#choices.add(choice);
  }

  /** What is done in which order: what a service is led to goes after it, and comes before it. */
  *changes(): Iterable<{ readonly verb: "add" | "delete"; readonly set: SetId; readonly items: readonly Item[] }> {
    for (const set of ordered(this.#removed).reverse())
      yield { verb: "delete", set, items: this.#removed.get(set) ?? [] };
    for (const set of ordered(this.#added)) yield { verb: "add", set, items: this.#added.get(set) ?? [] };
  }

  /** The commands; `known` is what has been made of choices and of lengths of ranges, and is added to. */
  batch(known: Known): Batch {
    const batch = new Batch(this.family, TABLE);
    addChoices(
      batch,
      this.family,
      [...this.#choices].filter((choice) => !known.choices.has(choice)),
    );
    for (const choice of this.#choices) known.choices.add(choice);
    for (const set of this.#added.keys()) this.#addRanges(batch, set, known);
    for (const { verb, set, items } of this.changes()) this.#put(batch, verb, set, items);
    return batch;
  }

  #put(batch: Batch, verb: "add" | "delete", set: SetId, items: readonly Item[]): void {
    const named = setOf(this.family, set);
    for (let at = 0; at < items.length; at += ELEMENTS_MAX) {
      batch[verb]({ kind: "elements", set: named, elements: items.slice(at, at + ELEMENTS_MAX) });
    }
  }

  #addRanges(batch: Batch, set: SetId, { lengths }: Known): void {
    const length = lengthOf(set);
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

function ordered(items: ReadonlyMap<SetId, Item[]>): SetId[] {
  const ranges = [...items.keys()].filter((set) => lengthOf(set) !== undefined);
  return [...ranges, ...ORDER.filter((set) => items.has(set))];
}

function push(items: Map<SetId, Item[]>, set: SetId, item: Item): void {
  const list = items.get(set);
  if (list) list.push(item);
  else items.set(set, [item]);
}

export function lengthOf(set: SetId): number | undefined {
  return set.startsWith("ranges-") ? Number(set.slice("ranges-".length)) : undefined;
}

export function setOf(family: IpFamily, set: SetId): NftSet {
  const length = lengthOf(set);
  return length === undefined ? MAPS[family][set as keyof (typeof MAPS)["ip"]] : rangesSet(family, length);
}

/** Elements by their sets and keys. */
export type Elements = Map<SetId, Map<string, Item>>;

export function putItem(elements: Elements, set: SetId, item: Item): void {
  const items = elements.get(set) ?? new Map<string, Item>();
  elements.set(set, items.set(bytesText(item.key), item));
}

/** Notes what makes `wanted` of `before`. */
export function noteDifference(edits: Edits, before: Elements, wanted: Elements): void {
  for (const [set, items] of before) {
    const now = wanted.get(set);
    for (const [key, item] of items) if (!isSameItem(item, now?.get(key))) edits.remove(set, item);
  }
  for (const [set, items] of wanted) {
    const then = before.get(set);
    for (const [key, item] of items) if (!isSameItem(item, then?.get(key))) edits.add(set, item);
  }
}

function isSameItem({ data }: Item, other: Item | undefined): boolean {
  if (!other) return false;
  if (data === undefined || other.data === undefined) return data === other.data;
  return data.length === other.data.length && data.every((byte, i) => byte === other.data?.[i]);
}
