import type { Change, Changes, Intake, View } from "../seams.ts";
import type { Place } from "./endpoints.ts";
import { type PackedRecord, packed, unpackService, unpackSlice } from "./packed.ts";
import type { ObjectRecord, ServiceRecord, SliceRecord } from "./records.ts";
import { resolve, type ServicePort } from "./resolve.ts";

/** What one source has told. */
class Told {
  readonly services = new Map<string, PackedRecord>();
  readonly slices = new Map<string, PackedRecord>();
  /** By service. Nearly all have one, and a list for each would be as large as everything else. */
  readonly #of = new Map<string, PackedRecord | readonly PackedRecord[]>();
  hasListed = false;
  problems: readonly string[] = [];

  slicesOf(service: string): readonly PackedRecord[] {
    const found = this.#of.get(service);
    if (found === undefined) return [];
    return "text" in found ? [found] : found;
  }

  putSlice(slice: PackedRecord): void {
    this.slices.set(slice.key, slice);
    const others = this.slicesOf(slice.service);
    this.#of.set(slice.service, others.length === 0 ? slice : [...others, slice]);
  }

  dropSlice(slice: PackedRecord): void {
    this.slices.delete(slice.key);
    const left = this.slicesOf(slice.service).filter((one) => one !== slice);
    if (left.length === 0) this.#of.delete(slice.service);
    else this.#of.set(slice.service, left.length === 1 ? (left[0] as PackedRecord) : left);
  }
}

/**
 * The services and endpoints that the sources tell of. A service that several have is the first one's, in their order; its
 * endpoints are those of all of them. What changed is told in one go for each call of a source.
 */
export class Store implements Intake, View {
  readonly #place: Place;
  readonly #told: ReadonlyMap<string, Told>;
  readonly #listeners = new Set<(changes: Changes) => void>();
  /** How many services and slices came, changed or went. */
  readonly changes = { service: 0, slice: 0 };
  #revision = 0;

  /** `sources` by their names, in the order in which they go before each other. */
  constructor(place: Place, sources: readonly string[]) {
    this.#place = place;
    this.#told = new Map(sources.map((source) => [source, new Told()]));
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

  replace(source: string, records: readonly (ObjectRecord | PackedRecord)[]): void {
    const told = this.#of(source);
    const isFirst = !told.hasListed;
    told.hasListed = true;
    const left = { service: new Set(told.services.keys()), slice: new Set(told.slices.keys()) };
    for (const { kind, key } of records) left[kind].delete(key);
    const gone: Change[] = [];
    for (const of of ["service", "slice"] as const)
      for (const key of left[of]) gone.push({ kind: "gone", of, key, since: 0 });
    this.#change(source, gone.length > 0 ? [...gone, ...records] : records, isFirst);
  }

  apply(source: string, changes: readonly Change[]): void {
    this.#change(source, changes, false);
  }

  trouble(source: string, problems: readonly string[]): void {
    this.#of(source).problems = problems;
  }

  *keys(): Iterable<string> {
    const before: Told[] = [];
    for (const told of this.#told.values()) {
      for (const key of told.services.keys()) if (!before.some(({ services }) => services.has(key))) yield key;
      before.push(told);
    }
  }

  /** The service itself; undefined when there is none. */
  service(key: string): ServiceRecord | undefined {
    for (const { services } of this.#told.values()) {
      const found = services.get(key);
      if (found) return unpackService(found);
    }
    return undefined;
  }

  slicesOf(key: string): SliceRecord[] {
    const slices: SliceRecord[] = [];
    for (const told of this.#told.values()) for (const slice of told.slicesOf(key)) slices.push(unpackSlice(slice));
    return slices;
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
    const told = this.#of(source);
    const of = change.kind === "gone" ? change.of : change.kind;
    const before = (of === "service" ? told.services : told.slices).get(change.key);
    const now = change.kind === "gone" ? undefined : "text" in change ? change : packed(change);
    if (before === now || (before && now && isSame(before, now))) return;
    this.changes[of]++;
    const note = (key: string) => noteChange(changed, key, change.since);
    if (of === "service") {
      if (now) told.services.set(now.key, now);
      else told.services.delete(change.key);
      note(change.key);
      return;
    }
    if (before) {
      told.dropSlice(before);
      note(before.service);
    }
    if (now) {
      told.putSlice(now);
      note(now.service);
    }
  }
}

/** When it happened does not count. */
function isSame(a: PackedRecord, b: PackedRecord): boolean {
  return a.text === b.text && a.service === b.service;
}

/** Of several changes of one service the oldest is that which it waits for longest. */
function noteChange(changed: Map<string, number>, key: string, since: number): void {
  const before = changed.get(key) ?? 0;
  changed.set(key, before > 0 && since > 0 ? Math.min(before, since) : before || since);
}
