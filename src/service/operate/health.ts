import type { View } from "../seams.ts";
import { type ControlAnswer, json } from "./answer.ts";
import type { Metrics } from "./metrics.ts";

/** How long what has changed may wait for its rules; kube-proxy has twice its longest pause between two changes of rules. */
const PATIENCE_MS = 60_000;

/** What of the store is in the kernel. */
export interface Followed {
  /** The revision that the rules have come to. */
  readonly applied: number;
}

/** Whether rules follow what the sources say. Has to be made before the sources tell anything. */
export class Health {
  readonly #view: View;
  readonly #sink: Followed;
  readonly #metrics: Metrics;
  readonly #now: () => number;
  /** When what changed first of what is not in the kernel did. */
  #behind: number;

  constructor(view: View, sink: Followed, metrics: Metrics, now: () => number) {
    this.#view = view;
    this.#sink = sink;
    this.#metrics = metrics;
    this.#now = now;
    this.#behind = now();
    view.subscribe(({ revision }) => {
      metrics.lastQueued = now();
      if (sink.applied >= revision - 1) this.#behind = metrics.lastQueued;
    });
  }

  /** Nothing has waited for a minute. */
  get isHealthy(): boolean {
    return this.#sink.applied >= this.#view.revision || this.#now() - this.#behind < PATIENCE_MS;
  }

  /** Everything that the sources listed first is in the kernel. */
  get isReady(): boolean {
    return this.#view.isComplete && this.#sink.applied > 0;
  }

  /** /healthz and /livez, as kube-proxy answers them, and /readyz; undefined for other paths. */
  answer(path: string): ControlAnswer | undefined {
    if (path !== "/healthz" && path !== "/livez" && path !== "/readyz") return undefined;
    const isWell = path === "/readyz" ? this.isReady : this.isHealthy;
    const code = isWell ? 200 : 503;
    this.#metrics.countProbe(path.slice(1), code);
    const time = (milliseconds: number) => new Date(milliseconds).toISOString();
    const told = path === "/readyz" ? { ready: isWell } : { healthy: isWell };
    return json(code, { ...told, lastUpdated: time(this.#metrics.lastSync), currentTime: time(this.#now()) });
  }
}
