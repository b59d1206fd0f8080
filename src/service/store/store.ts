import type { Change, Changes, Intake, View } from "../seams.ts";
import type { Place } from "./endpoints.ts";
import type { ObjectRecord, ServiceRecord, SliceRecord } from "./records.ts";
import { resolve, type ServicePort } from "./resolve.ts";
import { isSame } from "./same.ts";

/** What one source has told. */
interface Told {
  readonly services: Map<string, ServiceRecord>;
  readonly slices: Map<string, SliceRecord>;
  hasListed: boolean;
  problems: readonly string[];
}

/**
 * The services and endpoints that the sources tell of. A service that several have is the first one's, in their order; its
 * endpoints are those of all of them. What changed is told in one go for each call of a source.
 */
export class Store implements Intake, View {
  readonly #place: Place;
  readonly #told: ReadonlyMap<string, Told>;
  /** By service, the slices of all sources: `SOURCE KEY` -> slice. */
  readonly #slices = new Map<string, Map<string, SliceRecord>>();
  readonly #listeners = new Set<(changes: Changes) => void>();
  /** How many services and slices came, changed or went. */
  readonly changes = { service: 0, slice: 0 };
  #revision = 0;

  /** `sources` by their names, in the order in which they go before each other. */
  constructor(place: Place, sources: readonly string[]) {
    this.#place = place;
    const nothing = (): Told => ({ services: new Map(), slices: new Map(), hasListed: false, problems: [] });
    this.#told = new Map(sources.map((source) => [source, nothing()]));
  }

  get revision(): number {
    return this.#revision;
  }

  get isComplete(): boolean {
    return [...this.#told.values()].every(({ hasListed }) => hasListed);
  }

  /** What is wrong with each source that has trouble, a line each. */
  get problems(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#told].flatMap(([source, { problems }]) => (problems.length ? [[source, problems]] : [])));
  }

  replace(source: string, records: readonly ObjectRecord[]): void {
    const told = this.#of(source);
    const isFirst = !told.hasListed;
    told.hasListed = true;
    const left = { service: new Set(told.services.keys()), slice: new Set(told.slices.keys()) };
    for (const { kind, key } of records) left[kind].delete(key);
    const gone = (["service", "slice"] as const).flatMap((of) =>
      [...left[of]].map((key) => ({ kind: "gone", of, key, since: 0 }) as const),
    );
    this.#change(source, [...gone, ...records], isFirst);
  }

  apply(source: string, changes: readonly Change[]): void {
    this.#change(source, changes, false);
  }

  trouble(source: string, problems: readonly string[]): void {
    this.#of(source).problems = problems;
  }

  *keys(): Iterable<string> {
    const seen = new Set<string>();
    for (const { services } of this.#told.values()) {
      for (const key of services.keys()) {
        if (!seen.has(key)) yield key;
        seen.add(key);
      }
    }
  }

  /** The service itself; undefined when there is none. */
  service(key: string): ServiceRecord | undefined {
    for (const { services } of this.#told.values()) {
      const found = services.get(key);
      if (found) return found;
    }
    return undefined;
  }

  slicesOf(key: string): SliceRecord[] {
    return [...(this.#slices.get(key)?.values() ?? [])];
  }

  portsOf(key: string): ServicePort[] {
    const service = this.service(key);
    return service ? resolve(service, this.slicesOf(key), this.#place) : [];
  }

  subscribe(listener: (changes: Changes) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #of(source: string): Told {
    const told = this.#told.get(source);
    if (!told) throw new Error(`the store does not know the source ${source}`);
    return told;
  }

  /** `always` tells also of no change: that a source has listed may be all that was waited for. */
  #change(source: string, changes: readonly Change[], always: boolean): void {
    const changed = new Map<string, number>();
    for (const change of changes) this.#put(source, change, changed);
    if (changed.size === 0 && !always) return;
    this.#revision++;
    const told: Changes = { revision: this.#revision, services: changed };
    for (const listener of this.#listeners) listener(told);
  }

  #put(source: string, change: Change, changed: Map<string, number>): void {
    const { services, slices } = this.#of(source);
    const of = change.kind === "gone" ? change.of : change.kind;
    const before = (of === "service" ? services : slices).get(change.key);
    if (change.kind === "gone" ? !before : isSame(before, change)) return;
    this.changes[of]++;
    const note = (key: string) => noteChange(changed, key, change.since);
    if (of === "service") {
      if (change.kind === "service") services.set(change.key, change);
      else services.delete(change.key);
      note(change.key);
      return;
    }
    if (before?.kind === "slice") note(this.#unlink(source, before));
    if (change.kind === "slice") {
      slices.set(change.key, change);
      note(this.#link(source, change));
    } else slices.delete(change.key);
  }

  #link(source: string, slice: SliceRecord): string {
    const { service, key } = slice;
    const slices = this.#slices.get(service) ?? new Map<string, SliceRecord>();
    this.#slices.set(service, slices.set(`${source} ${key}`, slice));
    return service;
  }

  #unlink(source: string, { service, key }: SliceRecord): string {
    const slices = this.#slices.get(service);
    slices?.delete(`${source} ${key}`);
    if (slices?.size === 0) this.#slices.delete(service);
    return service;
  }
}

/** Of several changes of one service the oldest is that which it waits for longest. */
function noteChange(changed: Map<string, number>, key: string, since: number): void {
  const before = changed.get(key) ?? 0;
  changed.set(key, before > 0 && since > 0 ? Math.min(before, since) : before || since);
}
