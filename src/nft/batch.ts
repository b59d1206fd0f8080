import type { Exchange } from "../netlink/exchange.ts";
import { NLM_F_ACK } from "../wire/message.ts";
import { type Command, formOf, type ObjectOf, type Verb } from "./commands.ts";
import type { Family } from "./objects.ts";
import { BATCH_HEADER, header, headerOf, NFNL_BATCH_BEGIN, NFNL_BATCH_END } from "./tables.ts";
import { commandText } from "./text.ts";

/**
 * Commands about one table, in the order in which they are to be done. `run` (client.ts) does them all or none.
 *
 *     new Batch("ip", "berth").add({ kind: "table" }).add({ kind: "chain", name: "forward" });
 */
export class Batch {
  readonly family: Family;
  readonly table: string;
  readonly #commands: Command[] = [];

  constructor(family: Family, table: string) {
    this.family = family;
    this.table = table;
  }

  get commands(): readonly Command[] {
    return this.#commands;
  }

  /** Like `nft add`: an object that is there already is left as it is (a rule is appended in any case). */
  add(object: ObjectOf<"add">): this {
    return this.#push("add", object);
  }

  /** Like `nft create`: EEXIST when it is there already. */
  create(object: ObjectOf<"create">): this {
    return this.#push("create", object);
  }

  /** Like `nft delete`: ENOENT when there is none, EBUSY when it is in use, or a set that has elements. */
  delete(object: ObjectOf<"delete">): this {
    return this.#push("delete", object);
  }

  /** Like `nft destroy`: gone afterwards, whether it was there or not. */
  destroy(object: ObjectOf<"destroy">): this {
    return this.#push("destroy", object);
  }

  /** Like `nft flush`: the rules of a chain or table, the elements of a set. ENOENT when there is no such thing. */
  flush(object: ObjectOf<"flush">): this {
    return this.#push("flush", object);
  }

  /** As `nft -f` takes it, a command a line. */
  toString(): string {
    return this.#commands.map((command) => `${commandText(command)}\n`).join("");
  }

  #push<V extends Verb>(verb: V, object: ObjectOf<V>): this {
    this.#commands.push({ scope: { family: this.family, table: this.table }, verb, object });
    return this;
  }
}

/**
 * Adds the messages of a batch: the one that begins it, one for each command, the one that ends it. Only the last command
 * asks for an acknowledgement: errors come without being asked for.
 */
export function addBatch(exchange: Exchange, commands: readonly Command[]): void {
  exchange.add(NFNL_BATCH_BEGIN, 0, (w) => header.encode(w, BATCH_HEADER));
  commands.forEach((command, i) => {
    const { type, flags, write } = formOf(command);
    exchange.add(type, i === commands.length - 1 ? flags | NLM_F_ACK : flags, (w) => {
      header.encode(w, headerOf(command.scope.family));
      write(w, command.scope, command.object, i + 1);
    });
  });
  exchange.add(NFNL_BATCH_END, 0, (w) => header.encode(w, BATCH_HEADER));
}
