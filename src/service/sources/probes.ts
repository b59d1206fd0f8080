import type { Probe } from "../schema/probe.ts";
import type { SliceRecord } from "../store/records.ts";
import type { Readiness } from "./cni.ts";

/** Readiness probes: an endpoint of a service that has one counts while its probe passes. */

/** What an endpoint's answers so far come to. */
export interface State {
  readonly isReady: boolean;
  /** How often in a row the last answer came. */
  readonly streak: number;
  readonly last: boolean | undefined;
}

/** Not ready until enough answers say so, as Kubernetes has it. */
export const UNKNOWN: State = { isReady: false, streak: 0, last: undefined };

export function stateAfter(state: State, passed: boolean, probe: Probe): State {
  const streak = state.last === passed ? state.streak + 1 : 1;
  const isEnough = streak >= (passed ? probe.successThreshold : probe.failureThreshold);
  return { isReady: isEnough ? passed : state.isReady, streak, last: passed };
}

/** One question. */
export interface Question {
  readonly address: string;
  readonly port: number;
  /** Of httpGet; absent: that the port takes a connection is enough. */
  readonly http?: { readonly path: string; readonly host: string | undefined };
  readonly timeout: number;
}

/** What probing needs of the world. */
export interface ProbeOptions {
  /** Whether the answer is what it should be, and came within `timeout` milliseconds. Never rejects. */
  ask(question: Question): Promise<boolean>;
  /** Calls `work` in so many milliseconds. Returns what prevents that. */
  later(milliseconds: number, work: () => void): () => void;
}

interface Followed {
  state: State;
  end: () => void;
}

const SECOND = 1000;

/** Asks the endpoints that it follows, each on its own. */
export class Prober implements Readiness {
  /** By `NAMESPACE/NAME` of services. */
  readonly #probes: ReadonlyMap<string, Probe>;
  readonly #options: ProbeOptions;
  readonly #followed = new Map<string, Followed>();
  #changed: () => void = () => {};

  constructor(probes: ReadonlyMap<string, Probe>, options: ProbeOptions) {
    this.#probes = probes;
    this.#options = options;
  }

  watch(changed: () => void): () => void {
    this.#changed = changed;
    return () => {
      this.#changed = () => {};
      this.follow(() => []);
    };
  }

  isReady(slice: SliceRecord): boolean {
    return !this.#probes.has(slice.service) || (this.#followed.get(idOf(slice))?.state.isReady ?? false);
  }

  follow(slices: () => readonly SliceRecord[]): readonly string[] {
    if (this.#probes.size === 0) return [];
    const probed = slices().filter(({ service }) => this.#probes.has(service));
    const ids = new Set(probed.map(idOf));
    for (const [id, { end }] of this.#followed) {
      if (ids.has(id)) continue;
      end();
      this.#followed.delete(id);
    }
    return probed.flatMap((slice) => this.#begin(slice) ?? []);
  }

  /** Begins with one that is not followed yet. Returns why that cannot be. */
  #begin(slice: SliceRecord): string | undefined {
    const probe = this.#probes.get(slice.service) as Probe;
    const question = questionOf(slice, probe);
    if (typeof question === "string") return question;
    const id = idOf(slice);
    if (this.#followed.has(id)) return undefined;
    const followed: Followed = { state: UNKNOWN, end: () => {} };
    this.#followed.set(id, followed);
    const delay = probe.initialDelaySeconds * SECOND;
    followed.end = this.#options.later(delay, () => void this.#ask(id, followed, question, probe));
    return undefined;
  }

  async #ask(id: string, followed: Followed, question: Question, probe: Probe): Promise<void> {
    const passed = await this.#options.ask(question);
    if (this.#followed.get(id) !== followed) return;
    const before = followed.state;
    followed.state = stateAfter(before, passed, probe);
    const again = () => void this.#ask(id, followed, question, probe);
    followed.end = this.#options.later(probe.periodSeconds * SECOND, again);
    if (followed.state.isReady !== before.isReady) this.#changed();
  }
}

/** Another container, or the same one attached again, is another. */
function idOf({ key, endpoints, since }: SliceRecord): string {
  return `${key} ${endpoints[0]?.address} ${since}`;
}

/** What an endpoint is asked; in words, why it cannot be. */
function questionOf({ service, ports, endpoints }: SliceRecord, probe: Probe): Question | string {
  const { tcpSocket, httpGet } = probe;
  const wanted = httpGet?.port ?? tcpSocket?.port ?? 0;
  const port = typeof wanted === "number" ? wanted : ports.find(({ name }) => name === wanted)?.port;
  if (port === undefined) {
    const names = ports.map(({ name }) => name).join(", ");
    return `readinessProbes: ${service}: there is no port ${wanted} among those of its containers: ${names}`;
  }
  const address = endpoints[0]?.address ?? "";
  const http = httpGet && { path: httpGet.path, host: httpGet.host };
  return { address, port, ...(http && { http }), timeout: probe.timeoutSeconds * SECOND };
}
