import { Explained } from "../../../base/explained.ts";
import type { Metrics } from "../../operate/metrics.ts";
import type { Changes, Sink, View } from "../../seams.ts";
import type { Difference } from "./compare.ts";
import { lineOf } from "./port-text.ts";
import { type Answer, type Order, type Report, type Services, sumOf } from "./protocol.ts";

/** The thread in which rules are written: a commit of many services holds it for some tenths of a second. */
export interface Thread {
  post(order: Order): void;
  /** Has `take` called with each answer. */
  listen(take: (answer: Answer) => void): void;
  close(): void;
}

export interface SinkOptions {
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  now(): number;
  wait(milliseconds: number): Promise<void>;
  log(level: "info" | "warn" | "error", message: string, fields?: object): void;
}

/** How long after a failure all is tried again. */
const AGAIN_MS = 1000;

/** How many services are handed over in one go: some milliseconds of each thread. */
const PART = 1000;

/** How many such parts are on their way at most: this thread makes the next while the other writes. */
const AHEAD = 3;

/** Hands services to the thread that writes rules: all when every source has listed, then those that changed. */
export class NftSink implements Sink {
  readonly name = "nft";
  readonly #thread: Thread;
  readonly #options: SinkOptions;
  #view: View | undefined;
  #unsubscribe: (() => void) | undefined;
  #dirty = new Map<string, number>();
  #hasBegun = false;
  #isBusy = false;
  #applied = 0;
  #conflicts: readonly string[] = [];
  /** For whom the next answers are, in order. */
  readonly #waiting: ((answer: Answer) => void)[] = [];
  /** Told when what was listed first has been done. */
  #begun: () => void = () => {};

  constructor(thread: Thread, options: SinkOptions) {
    this.#thread = thread;
    this.#options = options;
    thread.listen((answer) => this.#take(answer));
  }

  get applied(): number {
    return this.#applied;
  }

  /** Addresses and ports that several services want, a line each. */
  get conflicts(): readonly string[] {
    return this.#conflicts;
  }

  /** Resolves when what the sources listed first is in the kernel, or has failed to be for the first time. */
  async start(view: View): Promise<void> {
    this.#view = view;
    this.#unsubscribe = view.subscribe((changes) => this.#note(changes));
    const begun = new Promise<void>((resolve) => {
      this.#begun = resolve;
    });
    void this.#work();
    await begun;
  }

  /** The nft commands that would make of what is there what the sources want. */
  async rehearse(view: View): Promise<string> {
    const answer = await this.#order({ kind: "rehearse", services: servicesOf(view, [...view.keys()]) });
    if (answer.kind !== "plan") throw failureOf(answer);
    return answer.commands;
  }

  /** Where the kernel is not as it was left; undefined: nothing has been put there yet. @throws Explained */
  async compare(): Promise<readonly Difference[] | undefined> {
    if (!this.#hasBegun) return undefined;
    const answer = await this.#order({ kind: "compare" });
    if (answer.kind !== "differences") throw failureOf(answer);
    return answer.differences;
  }

  /** Reads what is in the kernel and puts it right, where anything has been put there. */
  async repair(): Promise<void> {
    if (this.#hasBegun) this.#report(await this.#order({ kind: "repair" }), new Map());
  }

  async cleanup(): Promise<void> {
    const answer = await this.#order({ kind: "cleanup" });
    if (answer.kind !== "done") throw failureOf(answer);
  }

  close(): void {
    this.#unsubscribe?.();
    this.#thread.close();
  }

  #note({ services }: Changes): void {
    for (const [key, since] of services) if (!this.#dirty.get(key)) this.#dirty.set(key, since);
    void this.#work();
  }

  /** Until nothing is left to do. What changes meanwhile goes together. */
  async #work(): Promise<void> {
    const view = this.#view;
    if (this.#isBusy || !view?.isComplete) return;
    this.#isBusy = true;
    while (!this.#hasBegun || this.#dirty.size > 0) {
      const dirty = this.#dirty;
      this.#dirty = new Map();
      const revision = view.revision;
      const answer = this.#hasBegun ? await this.#change(view, dirty) : await this.#begin(view);
      this.#report(answer, dirty);
      if (answer.kind === "done") {
        this.#applied = revision;
        this.#hasBegun = true;
      }
      this.#begun();
      // A change that failed is made good by the thread itself.
      if (!this.#hasBegun) await this.#options.wait(AGAIN_MS);
    }
    this.#isBusy = false;
  }

  #begin(view: View): Promise<Answer> {
    return this.#handOver(view, [...view.keys()], (services, isFirst, isLast) => ({
      kind: "begin",
      services,
      isFirst,
      isLast,
    }));
  }

  #change(view: View, dirty: ReadonlyMap<string, number>): Promise<Answer> {
    return this.#handOver(view, [...dirty.keys()], (services) => ({ kind: "change", services }));
  }

  /** In parts, of which the other thread does one while this one makes the next. The sum of the answers, or the first that failed. */
  async #handOver(
    view: View,
    keys: readonly string[],
    orderOf: (services: Services, isFirst: boolean, isLast: boolean) => Order,
  ): Promise<Answer> {
    const asked: Promise<Answer>[] = [];
    let sum: Answer | undefined;
    for (let at = 0; at === 0 || at < keys.length; at += PART) {
      const services = servicesOf(view, keys.slice(at, at + PART));
      asked.push(this.#order(orderOf(services, at === 0, at + PART >= keys.length)));
      // Whoever asks this thread for something meanwhile is answered.
      if (at + PART < keys.length) await this.#options.wait(0);
      if (asked.length >= AHEAD) sum = sumOf(sum, (await asked.shift()) as Answer);
      if (sum?.kind === "failed") return sum;
    }
    for (const answer of asked) sum = sumOf(sum, await answer);
    return sum as Answer;
  }

  #order(order: Order): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#thread.post(order);
    });
  }

  #take(answer: Answer): void {
    if (answer.kind === "repaired") this.#noteRepair(answer.report);
    else if (answer.kind === "unrepaired") this.#noteFailure(answer);
    else this.#waiting.shift()?.(answer);
  }

  #noteRepair({ elements, flows, trouble }: Report): void {
    const { metrics, log } = this.#options;
    metrics.repairs++;
    metrics.elements += elements;
    metrics.flows += flows;
    log("warn", "rules were not as they had been left, and were put back", { elements });
    if (trouble !== undefined) log("warn", trouble);
  }

  #noteFailure(answer: Answer): void {
    const { metrics, log } = this.#options;
    metrics.failures++;
    log("error", failureOf(answer).message);
  }

  #report(answer: Answer, dirty: ReadonlyMap<string, number>): void {
    const { metrics, log, now } = this.#options;
    if (answer.kind !== "done") {
      this.#noteFailure(answer);
      return;
    }
    const { report, milliseconds, conflicts } = answer;
    metrics.sync.observe(milliseconds / 1000);
    metrics.lastSync = now();
    metrics.elements += report.elements;
    metrics.flows += report.flows;
    if (report.repaired) metrics.repairs++;
    if (report.trouble !== undefined) log("warn", report.trouble);
    for (const since of dirty.values()) if (since > 0) metrics.programming.observe(Math.max(0, now() - since) / 1000);
    for (const line of conflicts) if (!this.#conflicts.includes(line)) log("warn", line);
    this.#conflicts = conflicts;
  }
}

function servicesOf(view: View, keys: readonly string[]): Services {
  return keys.map((key) => lineOf(key, view.portsOf(key)));
}

function failureOf(answer: Answer): Explained {
  const what = "message" in answer ? answer.message : `unexpected answer ${answer.kind}`;
  return new Explained(
    `failed to change the rules of services: ${what}`,
    "berthd needs CAP_NET_ADMIN in this network namespace and a kernel with nf_tables",
  );
}
