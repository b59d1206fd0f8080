import type { Exchange } from "../netlink/exchange.ts";
import type { Wire } from "../netlink/request.ts";
import { NLM_F_ACK } from "../wire/message.ts";
import { type Command, formOf, type ObjectOf, type Verb } from "./commands.ts";
import type { Family } from "./objects.ts";
import { batchAttrs, NFNL_BATCH_BEGIN, NFNL_BATCH_END, writeBatchHeader } from "./tables.ts";
import { commandText, isOfItsOwn } from "./text.ts";

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

  /** Like `nft insert`: a rule that comes before those that its chain has. */
  insert(object: ObjectOf<"insert">): this {
    return this.#push("insert", object);
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

  /** As `nft -f` takes it, a command a line. Literals are in the lines of their rules. */
  toString(): string {
    const lines = this.#commands.filter(isOfItsOwn);
    return lines.map((command) => `${commandText(command)}\n`).join("");
  }

  #push<V extends Verb>(verb: V, object: ObjectOf<V>): this {
    this.#commands.push({ scope: { family: this.family, table: this.table }, verb, object });
    return this;
  }
}

const BEGIN: Wire<number | undefined> = {
  type: NFNL_BATCH_BEGIN,
  flags: 0,
  write(w, generation) {
    writeBatchHeader(w);
    if (generation !== undefined) batchAttrs.encode(w, { generation });
  },
};
const END: Wire<undefined> = { type: NFNL_BATCH_END, flags: 0, write: writeBatchHeader };

/**
 * Adds the messages of a batch: the one that begins it, one for each command, the one that ends it. Only the last command
 * asks for an acknowledgement: errors come without being asked for. With a `generation` (find-generation.ts) the kernel refuses all
 * (ERESTART) where the ruleset has changed since.
 */
export function addBatch(exchange: Exchange, commands: readonly Command[], generation?: number): void {
  exchange.add(BEGIN, generation, 0);
  commands.forEach((command, i) => {
    const { scope, object } = command;
    exchange.add(formOf(command), { scope, object, id: i + 1 }, i === commands.length - 1 ? NLM_F_ACK : 0);
  });
  exchange.add(END, undefined, 0);
}
