import type { Store } from "../store/store.ts";
import { isAbout, objectsOf, type Question, subjectOf, subjectsOf, tableOf } from "./ask.ts";
import { namesOf, type Table } from "./tables.ts";

/**
 * Follows what a question is about: first all there is, then what changes, a line of JSON each. Changes that come faster than lines
 * are read go together, so a slow reader costs no more memory than the names of what changed.
 *
 * As a table: `{columns, rows}`, then `{rows}` for each service that changed. As objects: Kubernetes' watch events,
 * `{type: ADDED | MODIFIED | DELETED, object}`, those of endpoints with a list of all slices of the service.
 */
export class Watch implements AsyncIterableIterator<string> {
  readonly #store: Store;
  readonly #question: Question;
  readonly #now: () => number;
  readonly #known = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #end: () => void;
  #wake: (() => void) | undefined;
  #hasBegun = false;
  #isOver = false;

  constructor(store: Store, question: Question, now: () => number) {
    this.#store = store;
    this.#question = question;
    this.#now = now;
    this.#end = store.subscribe(({ services }) => {
      for (const key of services.keys()) if (isAbout(question, key)) this.#dirty.add(key);
      if (this.#dirty.size > 0) this.#wake?.();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    if (!this.#hasBegun && !this.#isOver) {
      this.#hasBegun = true;
      this.#dirty.clear();
      return { done: false, value: this.#first() };
    }
    while (!this.#isOver) {
      const [key] = this.#dirty;
      if (key === undefined) await this.#change();
      else {
        this.#dirty.delete(key);
        const line = this.#lineOf(key);
        if (line !== undefined) return { done: false, value: line };
      }
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    this.#isOver = true;
    this.#end();
    this.#wake?.();
    return { done: true, value: undefined };
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #first(): string {
    const subjects = subjectsOf(this.#store, this.#question);
    for (const { key } of subjects) this.#known.add(key);
    if (this.#question.as === "table") return lineOf(tableOf(this.#question, subjects, this.#now()));
    return objectsOf(this.#question, subjects)
      .map((object) => lineOf({ type: "ADDED", object }))
      .join("");
  }

  #lineOf(key: string): string | undefined {
    const subject = subjectOf(this.#store, key);
    const isThere = subject !== undefined && (this.#question.of === "endpoints" || subject.service !== undefined);
    const was = this.#known.has(key);
    if (!isThere && !was) return undefined;
    if (isThere) this.#known.add(key);
    else this.#known.delete(key);
    if (this.#question.as === "table") {
      const rows = isThere ? tableOf(this.#question, [subject], this.#now()).rows : [[...namesOf(key), "<deleted>"]];
      return lineOf({ rows } satisfies Pick<Table, "rows">);
    }
    const type = isThere ? (was ? "MODIFIED" : "ADDED") : "DELETED";
    return lineOf({ type, object: this.#objectOf(key, isThere ? subject : undefined) });
  }

  #objectOf(key: string, subject: ReturnType<typeof subjectOf>): object {
    const [namespace, name] = namesOf(key);
    const { of } = this.#question;
    const objects = subject ? objectsOf(this.#question, [subject]) : [];
    if (of === "endpoints") return { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSliceList", items: objects };
    return objects[0] ?? { apiVersion: "v1", kind: "Service", metadata: { namespace, name } };
  }
}

const lineOf = (value: object): string => `${JSON.stringify(value)}\n`;
