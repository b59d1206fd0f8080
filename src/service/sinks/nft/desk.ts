import { messageOf } from "../../../base/errno.ts";
import type { Client } from "../../../netlink/client.ts";
import { type Answer, both, NOTHING, type Order, type Report } from "./protocol.ts";
import { Writer } from "./writer.ts";

/** How long after others' last change the own elements are read: who changes rules does so often. */
const SETTLED_MS = 1000;

/** Does orders with a writer, one after the other, and looks after the tables between them. Neither thread nor clock of its own. */
export class Desk {
  readonly #client: Client;
  readonly #now: () => number;
  readonly #collect: () => void;
  #writer: Writer | undefined;
  #begun = false;
  /** All parts of a beginning so far have been done. */
  #isBeginning = false;
  /** When others were last seen to have changed something. */
  #disturbed: number | undefined;
  /** What was asked last is not all in the kernel. */
  #hasFailed = false;

  /** `collect` is called as something is begun that makes much which is not needed afterwards. */
  constructor(client: Client, now: () => number, collect: () => void) {
    this.#client = client;
    this.#now = now;
    this.#collect = collect;
  }

  /** Undefined for an order that has no answer. */
  take(order: Order): Answer | undefined {
    const start = this.#now();
    try {
      if (order.kind === "open") {
        this.#writer = new Writer(this.#client, order);
        return undefined;
      }
      if (order.kind === "compare") {
        this.#collect();
        return { kind: "differences", differences: this.#writer?.compare() ?? [] };
      }
      const made = this.#do(order);
      if (typeof made === "string") return { kind: "plan", commands: made };
      const conflicts = this.#writer?.conflicts ?? [];
      return { kind: "done", report: made, milliseconds: this.#now() - start, conflicts };
    } catch (error) {
      this.#hasFailed = true;
      this.#isBeginning = false;
      return { kind: "failed", message: messageOf(error) };
    }
  }

  /** Looks whether the tables are as they were left. To be called many times in a second. */
  look(): Answer | undefined {
    const writer = this.#writer;
    if (!writer || !this.#begun) return undefined;
    try {
      const put = writer.look();
      if (put !== undefined) return { kind: "repaired", report: put };
      if (!writer.isSuspect && !this.#hasFailed) this.#disturbed = undefined;
      else this.#disturbed ??= this.#now();
      if (this.#disturbed === undefined || this.#now() - this.#disturbed < SETTLED_MS) return undefined;
      this.#disturbed = undefined;
      const report = this.#repair(writer);
      this.#hasFailed = false;
      return report.elements > 0 ? { kind: "repaired", report } : undefined;
    } catch (error) {
      return { kind: "unrepaired", message: messageOf(error) };
    }
  }

  #do(order: Exclude<Order, { kind: "open" | "compare" }>): Report | string {
    const writer = this.#writer;
    if (!writer) throw new Error("the writer has not been opened");
    if (order.kind === "cleanup") {
      this.#begun = false;
      writer.cleanup();
      return NOTHING;
    }
    if (order.kind === "repair") return this.#repair(writer);
    if (order.kind === "rehearse") return writer.rehearse(order.services);
    if (order.kind === "begin") return this.#beginWith(writer, order);
    return writer.change(order.services);
  }

  #beginWith(writer: Writer, { services, isFirst, isLast }: Extract<Order, { kind: "begin" }>): Report {
    if (isFirst) {
      this.#begun = false;
      this.#isBeginning = true;
      writer.begin();
    }
    if (!this.#isBeginning) throw new Error("a part before it failed");
    const report = writer.part(services);
    if (!isLast) return report;
    this.#begun = true;
    this.#collect();
    return both(report, writer.finish());
  }

  #repair(writer: Writer): Report {
    this.#collect();
    return writer.repair();
  }
}
