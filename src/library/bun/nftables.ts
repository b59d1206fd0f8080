import type { Client } from "../../netlink/client.ts";
import { run, runAt } from "../../nft/client.ts";
import { listRules } from "../../nft/find.ts";
import { findGeneration } from "../../nft/find-generation.ts";
import { getElement, listElements, listSets } from "../../nft/find-set.ts";
import { listTables, listWholeChains } from "../../nft/find-whole.ts";
import { type Base, FAMILIES, type Family, isLiteral } from "../../nft/objects.ts";
import { type KeyOf, keyBytes } from "./nft-keys.ts";
import { type ElementOf, elementOf, type SetShape, setNameOf, shapeOf } from "./nft-sets.ts";
import type { Transaction } from "./nft-transaction.ts";
import { oneOf } from "./values.ts";

export interface TableInfo {
  readonly family: Family;
  readonly name: string;
  readonly comment?: string;
}

export interface ChainInfo {
  readonly name: string;
  /** Absent for a chain that is only jumped to, and for one on a hook that is not in `Base`. */
  readonly base?: Base;
  readonly comment?: string;
}

export interface RuleInTable {
  /** Its number in the table, for deleting it. */
  readonly handle: number;
  /** "" when it has none. */
  readonly comment: string;
}

/**
 * nf_tables of one network namespace, over one socket: the verbs of `nft`. Calls are synchronous. They throw NetlinkError for what
 * the kernel refuses, Explained for values that are none, and SysError for system calls.
 */
export class NfTables implements Disposable {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Does the commands of all in one transaction, like `nft -f`: all or none, and packets see it at one moment. Throws the
   * NetlinkError of the first command that failed: then nothing has been done.
   */
  run(...transactions: readonly Transaction[]): void {
    run(this.#client, ...transactions.map(({ batch }) => batch));
  }

  /**
   * The same, where nobody has changed any table since `generation` was read; else ERESTART, and nothing has been done: read
   * again, and try again.
   */
  runAt(generation: number, ...transactions: readonly Transaction[]): void {
    runAt(this.#client, generation, ...transactions.map(({ batch }) => batch));
  }

  /** The number of the last change: what is read after it is of this generation or a later one. */
  generation(): number {
    return findGeneration(this.#client);
  }

  /** Like `nft list tables`, of one family or of all: inet, ip, ip6, bridge and netdev. */
  tables(family?: Family): TableInfo[] {
    if (family !== undefined) oneOf("family", family, FAMILIES);
    return listTables(this.#client, family).map(({ family, name, comment }) => ({
      family,
      name,
      ...(comment !== undefined && { comment }),
    }));
  }

  /** Like `nft list chains`, of one table. Empty also when there is no such table. */
  chains(family: Family, table: string): ChainInfo[] {
    const found = listWholeChains(this.#client, oneOf("family", family, FAMILIES), table);
    return found.map(({ name, base, comment }) => ({
      name,
      ...(base && { base }),
      ...(comment !== undefined && { comment }),
    }));
  }

  /** Like `nft -a list chain`, of each rule the handle and the comment. Empty also when there is no such chain or table. */
  rules(family: Family, table: string, chain: string): RuleInTable[] {
    const found = listRules(this.#client, oneOf("family", family, FAMILIES), table, chain);
    return found.map(({ handle, comment }) => ({ handle, comment }));
  }

  /** Like `nft list sets` and `nft list maps`, of one table, without elements, and without those of types that `SetShape` has not. Empty also when there is no such table. */
  sets(family: Family, table: string): (SetShape & { readonly comment?: string })[] {
    const found = listSets(this.#client, oneOf("family", family, FAMILIES), table);
    return found.filter(({ name }) => !isLiteral(name)).map(shapeOf);
  }

  /** Like `nft list set`: its elements, in no order. Empty also when there is no such set or table. */
  elements<const S extends SetShape>(family: Family, table: string, set: S): ElementOf<S>[] {
    const found = listElements(this.#client, oneOf("family", family, FAMILIES), table, setNameOf(set));
    return found.map((element) => elementOf(set, element));
  }

  /** Like `nft get element`. Undefined when there is no such element, set or table. */
  element<const S extends SetShape>(
    family: Family,
    table: string,
    set: S,
    key: KeyOf<S["type"]>,
  ): ElementOf<S> | undefined {
    const bytes = keyBytes(`key of ${set.name}`, set.type, key);
    const found = getElement(this.#client, oneOf("family", family, FAMILIES), table, setNameOf(set), bytes);
    return found && elementOf(set, found);
  }

  /** May be called again. */
  close(): void {
    this.#client.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
