import { messageOf } from "../../../base/errno.ts";
import type { Client } from "../../../netlink/client.ts";
import type { ServicePort } from "../../store/resolve.ts";
import type { Answer, Order, Report } from "./protocol.ts";
import { Writer } from "./writer.ts";

/** How long after others' last change the own elements are read: who changes rules does so often. */
const SETTLED_MS = 1000;

/** Does orders with a writer, one after the other, and looks after the tables between them. Neither thread nor clock of its own. */
export class Desk {
  readonly #client: Client;
  readonly #now: () => number;
  #writer: Writer | undefined;
  #begun = false;
  readonly #gathered = new Map<string, readonly ServicePort[]>();
  /** When others were last seen to have changed something. */
  #disturbed: number | undefined;
  /** What was asked last is not all in the kernel. */
  #hasFailed = false;

  constructor(client: Client, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** Undefined for an order that has no answer. */
  take(order: Order): Answer | undefined {
    const start = this.#now();
    try {
      if (order.kind === "open") {
        this.#writer = new Writer(this.#client, order);
        return undefined;
      }
      if (order.kind === "compare") return { kind: "differences", differences: this.#writer?.compare() ?? [] };
      const made = this.#do(order);
      if (typeof made === "string") return { kind: "plan", commands: made };
      const conflicts = this.#writer?.conflicts ?? [];
      return { kind: "done", report: made, milliseconds: this.#now() - start, conflicts };
    } catch (error) {
      this.#hasFailed = true;
      return { kind: "failed", message: messageOf(error) };
    }
  }

  /** Looks whether the tables are as they were left. To be called many times in a second. */
  look(): Answer | undefined {
    const writer = this.#writer;
    if (!writer || !this.#begun) return undefined;
    try {
      const put = writer.look();
      if (put !== undefined) return { kind: "repaired", elements: put };
      if (!writer.isSuspect && !this.#hasFailed) this.#disturbed = undefined;
      else this.#disturbed ??= this.#now();
      if (this.#disturbed === undefined || this.#now() - this.#disturbed < SETTLED_MS) return undefined;
      this.#disturbed = undefined;
      const elements = writer.repair();
      this.#hasFailed = false;
      return elements > 0 ? { kind: "repaired", elements } : undefined;
    } catch (error) {
      return { kind: "failed", message: messageOf(error) };
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
    if (order.kind === "repair") return { ...NOTHING, elements: writer.repair() };
    for (const [key, ports] of order.services) this.#gathered.set(key, ports);
    const portsOf = (key: string) => this.#gathered.get(key) ?? [];
    if (order.kind === "begin" && !order.isLast) return NOTHING;
    const keys = [...this.#gathered.keys()];
    if (order.kind === "rehearse") return writer.rehearse(keys, portsOf);
    const report = order.kind === "begin" ? writer.begin(keys, portsOf) : writer.change(keys, portsOf);
    this.#begun = true;
    // What is waited for by others must be known again when they get it.
    this.#forget();
    return report;
  }

  /** The writer has what it needs of services; only those that wait for an address are planned anew without being told of. */
  #forget(): void {
    const waiting = this.#writer?.waiting ?? new Set<string>();
    for (const key of this.#gathered.keys()) if (!waiting.has(key)) this.#gathered.delete(key);
  }
}

const NOTHING: Report = { elements: 0, flows: 0, repaired: false };
