import { Batch } from "../../nft/batch.ts";
import { type Base, ELEMENTS_MAX, FAMILIES, type Family, type NftSet } from "../../nft/objects.ts";
import { parseRule } from "../../nft/rule-words.ts";
import { type KeyOf, keyBytes } from "./nft-keys.ts";
import { type ElementOf, elementBytes, type SetShape, setNameOf } from "./nft-sets.ts";
import { oneOf, refusal, wholeOf } from "./values.ts";

export interface TableObject {
  readonly kind: "table";
  readonly comment?: string;
}

export interface ChainObject {
  readonly kind: "chain";
  readonly name: string;
  /** Absent: a chain that is only jumped to. */
  readonly base?: Base;
  readonly comment?: string;
}

/** A set, or with `data` a map: of single values, without timeouts. */
export interface SetObject extends SetShape {
  readonly kind: "set";
  readonly comment?: string;
}

/** What a transaction's verbs are about; only its kind and name count where it is not made. */
export type NftObject = TableObject | ChainObject | SetObject;

/** An object that there is, by its name. */
export type NftRef =
  | { readonly kind: "table" }
  | { readonly kind: "chain"; readonly name: string }
  | { readonly kind: "set"; readonly name: string };

/** Literals of rules are numbered from here on, beyond the number of any transaction's commands. */
const FIRST_LITERAL = 1 << 24;

/** How many numbers one rule may take: more than it has expressions. */
const RULE_LITERALS = 1 << 10;

let nextLiteral = FIRST_LITERAL;

/**
 * Commands about one table, in the order in which they are to be done; `NfTables.run` does them all or none. The verbs are nft's.
 * A value that is none throws Explained at once, and nothing is added.
 */
export class Transaction {
  readonly #batch: Batch;

  constructor(family: Family, table: string) {
    this.#batch = new Batch(oneOf("family", family, FAMILIES), named("table", table));
  }

  /** Like `nft add`: an object that is there already is left as it is. */
  add(object: NftObject): this {
    this.#batch.add(objectOf(object));
    return this;
  }

  /** Like `nft create`: EEXIST when it is there already. */
  create(object: NftObject): this {
    this.#batch.create(objectOf(object));
    return this;
  }

  /** Like `nft delete`: ENOENT when there is none, EBUSY when it is in use, and for a set that has elements. */
  delete(object: NftRef): this {
    this.#batch.delete(refOf(object));
    return this;
  }

  /** Like `nft destroy`, on kernels too that have no such command: gone afterwards, whether it was there or not, a set with its elements. EBUSY when it is in use. */
  destroy(object: NftRef): this {
    this.#batch.destroy(refOf(object));
    return this;
  }

  /** Like `nft flush`: the rules of a chain or of all a table's, the elements of a set. ENOENT when there is none. */
  flush(object: NftRef): this {
    this.#batch.flush(refOf(object));
    return this;
  }

  /** Like `nft add element`: those that are there already stay as they are; in a map, EEXIST for one with other data. */
  addElements<const S extends SetShape>(set: S, elements: readonly ElementOf<S>[]): this {
    for (const part of parts(elements.map((element) => elementBytes(set, element)))) {
      this.#batch.add({ kind: "elements", set: setNameOf(set), elements: part });
    }
    return this;
  }

  /** Like `nft create element`: EEXIST when one is there already. */
  createElements<const S extends SetShape>(set: S, elements: readonly ElementOf<S>[]): this {
    for (const part of parts(elements.map((element) => elementBytes(set, element)))) {
      this.#batch.create({ kind: "elements", set: setNameOf(set), elements: part });
    }
    return this;
  }

  /** Like `nft delete element`: ENOENT when one is not there. */
  deleteElements<const S extends SetShape>(set: S, keys: readonly KeyOf<S["type"]>[]): this {
    const all = keys.map((key) => ({ key: keyBytes(`key of ${set.name}`, set.type, key) }));
    for (const part of parts(all)) this.#batch.delete({ kind: "elements", set: setNameOf(set), elements: part });
    return this;
  }

  /** Like `nft destroy element`: gone afterwards, whether they were there or not. */
  destroyElements<const S extends SetShape>(set: S, keys: readonly KeyOf<S["type"]>[]): this {
    for (const key of keys) {
      const bytes = keyBytes(`key of ${set.name}`, set.type, key);
      this.#batch.destroy({ kind: "element", set: setNameOf(set), key: bytes });
    }
    return this;
  }

  /**
   * Like `nft add rule`: after those that the chain has. `text` is in nft's words, of which docs/netlink.md lists those that are
   * understood: "ip saddr @pods ip daddr != 10.0.0.0/8 masquerade".
   */
  addRule(chain: string, text: string, comment?: string): this {
    this.#rule("add", chain, text, comment);
    return this;
  }

  /** Like `nft insert rule`: before those that the chain has. */
  insertRule(chain: string, text: string, comment?: string): this {
    this.#rule("insert", chain, text, comment);
    return this;
  }

  /** Like `nft delete rule … handle N`; the handle is of `NfTables.rules`. ENOENT when there is none. */
  deleteRule(chain: string, handle: number): this {
    const number = wholeOf("handle", handle, 1, Number.MAX_SAFE_INTEGER);
    this.#batch.delete({ kind: "handle", chain: named("chain", chain), handle: number });
    return this;
  }

  /** As `nft -f` takes it, a command a line. */
  toString(): string {
    return this.#batch.toString();
  }

  /** @internal What src/nft makes of it. */
  get batch(): Batch {
    return this.#batch;
  }

  #rule(verb: "add" | "insert", chain: string, text: string, comment: string | undefined): void {
    if (typeof text !== "string") throw refusal("rule", text, "a rule in nft's words");
    const { statements, literals } = parseRule(this.#batch.family, text, nextLiteral);
    nextLiteral = nextLiteral + RULE_LITERALS > 0x7fffffff ? FIRST_LITERAL : nextLiteral + RULE_LITERALS;
    for (const literal of literals) this.#batch.add(literal);
    const rule = { kind: "rule", chain: named("chain", chain), statements } as const;
    this.#batch[verb]({ ...rule, ...(comment !== undefined && { comment }) });
  }
}

function parts<E>(elements: readonly E[]): E[][] {
  const count = Math.ceil(elements.length / ELEMENTS_MAX);
  return Array.from({ length: count }, (_, i) => elements.slice(ELEMENTS_MAX * i, ELEMENTS_MAX * (i + 1)));
}

function named(field: string, name: string): string {
  if (typeof name === "string" && name !== "") return name;
  throw refusal(field, name, "a name");
}

function objectOf(object: NftObject) {
  if (object.kind !== "set") return refOf(object) as TableObject | ChainObject;
  const { comment } = object;
  const set: NftSet = { kind: "set", ...setNameOf(object), ...(comment !== undefined && { comment }) };
  return { ...set, name: named("name", object.name) };
}

function refOf(object: NftRef): TableObject | ChainObject | NftSet {
  if (object.kind === "table") return object;
  if (object.kind !== "chain" && object.kind !== "set") {
    throw refusal("kind", (object as { kind: unknown }).kind, "one of table, chain, set");
  }
  named("name", object.name);
  // Only the name is sent.
  return object.kind === "chain" ? object : { kind: "set", name: object.name, type: "ipv4_addr" };
}
