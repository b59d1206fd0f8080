import { messageOf } from "../../base/errno.ts";
import type { Change, Intake, Listing, Source } from "../seams.ts";
import type { PackedRecord } from "../store/packed.ts";
import { type Files, Holders } from "./holders.ts";
import type { FileReading } from "./read-file.ts";

/** A directory of JSON and YAML as a source: each file has Services and EndpointSlices, one after the other or in lists. */

/** What is asked of a directory. */
export interface Directory {
  readonly path: string;
  /** The files that are in it; empty when it is not there. @throws Error when it cannot be read */
  list(): readonly FileEntry[];
  /** Undefined when there is no such file. */
  entry(name: string): FileEntry | undefined;
  /** What a file says. @throws Error when it cannot be read */
  read(entry: FileEntry): FileReading | Promise<FileReading>;
  /**
   * Has `changed` called with a file's name at once when it may be otherwise, maybe half written, and without one soon after, when it and
   * others are whole again; more often does no harm. Returns what ends that.
   */
  watch(changed: (name?: string) => void): () => void;
}

export interface FileEntry {
  readonly name: string;
  /** Differs when its content does. */
  readonly stamp: string;
  /** When it was changed, in milliseconds since the epoch. */
  readonly changed: number;
  /** In bytes. */
  readonly size: number;
}

/** What a file said when it was last as it should be. */
interface Known {
  readonly stamp: string;
  readonly records: readonly PackedRecord[];
  /** What is wrong with it now. */
  readonly problems: readonly string[];
}

/** How many changes are told of in one go. */
const PART = 2000;

/** A file up to this size, in bytes, is read as soon as it changes: what is half written costs time to be understood. */
const AT_ONCE_MAX = 1 << 16;

const NAME = /^[^.].*\.(json|ya?ml)$/;

/** A file that is broken keeps what it said last, as a whole, and is reported; one that is gone says nothing any more. */
export class FilesSource implements Source {
  readonly name = "files";
  readonly #directory: Directory;
  readonly #pause: () => Promise<void>;
  readonly #known = new Map<string, Known>();
  readonly #holders = new Holders(() => this.#files());
  #intake: Intake | undefined;
  #end: (() => void) | undefined;
  /** One listing at a time, and one more after it for whoever asks meanwhile. */
  #listing: Promise<void> | undefined;
  #isAskedAgain = false;
  #hasListed = false;
  /** When the directory was listed last, in milliseconds since the epoch. */
  #listed = 0;

  /** `pause` resolves when this thread has done what else there was to do; it need not be given where nothing else is. */
  constructor(directory: Directory, pause: () => Promise<void> = () => Promise.resolve()) {
    this.#directory = directory;
    this.#pause = pause;
  }

  async start(intake: Intake): Promise<void> {
    this.#intake = intake;
    this.#end = this.#directory.watch((name) => (name === undefined ? void this.#look() : this.#lookAt(name)));
    await this.#look();
  }

  async relist(): Promise<void> {
    this.#hasListed = false;
    await this.#look();
  }

  close(): void {
    this.#end?.();
    this.#intake = undefined;
  }

  /** Tells what has changed since the directory was listed last, without waiting to be told of it. */
  catchUp(): Promise<void> {
    return this.#look();
  }

  get listing(): Listing {
    const files = Object.fromEntries([...this.#known].map(([name, { stamp }]) => [name, stamp]));
    return { path: this.#directory.path, listed: this.#listed, names: NAME.source, files };
  }

  /** The file that an object counts of; undefined: none has it. */
  fileOf(kind: PackedRecord["kind"], key: string): string | undefined {
    const has = ({ records }: Known) => records.some((record) => record.kind === kind && record.key === key);
    const names = [...this.#known].flatMap(([name, known]) => (has(known) ? [name] : []));
    return names.sort()[0];
  }

  #look(): Promise<void> {
    if (this.#listing) this.#isAskedAgain = true;
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  /**
   * Takes what a file says that may be half written, without waiting for others: JSON that is read as a whole is whole. What would go
   * waits, as it may be about to come back, in this file or in another.
   */
  #lookAt(name: string): void {
    if (this.#listing || !this.#hasListed || !NAME.test(name) || !name.endsWith(".json")) return;
    const entry = this.#directory.entry(name);
    if (!entry || entry.size > AT_ONCE_MAX || this.#known.get(name)?.stamp === entry.stamp) return;
    this.#listing = this.#renew(entry)
      .then(() => (this.#isAskedAgain ? this.#list() : undefined))
      .finally(() => {
        this.#listing = undefined;
      });
  }

  async #renew(entry: FileEntry): Promise<void> {
    const known = await this.#read(entry);
    const ids = new Set(known.records.map(({ kind, key }) => `${kind} ${key}`));
    const before = this.#known.get(entry.name)?.records ?? [];
    if (known.problems.length > 0 || !before.every(({ kind, key }) => ids.has(`${kind} ${key}`))) return;
    const changes: Change[] = [];
    this.#take(entry.name, known, entry.changed, changes);
    await this.#tell(changes);
  }

  async #list(): Promise<void> {
    do {
      this.#isAskedAgain = false;
      await this.#listOnce();
    } while (this.#isAskedAgain);
  }

  async #listOnce(): Promise<void> {
    let entries: readonly FileEntry[];
    try {
      entries = this.#directory.list().filter(({ name }) => NAME.test(name));
    } catch (error) {
      this.#intake?.trouble(this.name, [`${this.#directory.path}: ${messageOf(error)}: what was read last stays`]);
      return;
    }
    this.#listed = Date.now();
    const changes: Change[] = [];
    const names = new Set(entries.map(({ name }) => name));
    for (const name of [...this.#known.keys()]) if (!names.has(name)) this.#take(name, undefined, Date.now(), changes);
    for (const entry of entries) {
      if (this.#known.get(entry.name)?.stamp === entry.stamp) continue;
      const known = await this.#read(entry);
      this.#take(entry.name, known, entry.changed, changes);
    }
    await this.#tell(changes);
  }

  async #read(entry: FileEntry): Promise<Known> {
    const { name, stamp, changed } = entry;
    const before = this.#known.get(name);
    const { records, problems } = await this.#readingOf(entry);
    if (problems.length > 0) return { stamp, records: before?.records ?? [], problems };
    return { stamp, records: records.map((one) => (one.since > 0 ? one : { ...one, since: changed })), problems };
  }

  async #readingOf(entry: FileEntry): Promise<FileReading> {
    try {
      return await this.#directory.read(entry);
    } catch (error) {
      return { records: [], problems: [`${this.#directory.path}/${entry.name}: ${messageOf(error)}`] };
    }
  }

  /** Notes what a file says now, undefined when it is gone, and what that changes. */
  #take(name: string, now: Known | undefined, since: number, changes: Change[]): void {
    const before = this.#known.get(name)?.records ?? [];
    if (now) this.#known.set(name, now);
    else this.#known.delete(name);
    const touched = this.#holders.change(name, before, now?.records ?? []);
    for (const { kind, key } of touched) {
      changes.push(this.#holders.record({ kind, key }) ?? { kind: "gone", of: kind, key, since });
    }
  }

  *#files(): Files {
    for (const [name, { records }] of this.#known) yield [name, records];
  }

  /** In parts, with a pause between them: there may be a hundred thousand. */
  async #tell(changes: readonly Change[]): Promise<void> {
    this.#intake?.trouble(this.name, this.#problems());
    for (let at = 0; at < changes.length; at += PART) {
      this.#intake?.apply(this.name, changes.slice(at, at + PART));
      if (at + PART < changes.length) await this.#pause();
    }
    if (!this.#hasListed) this.#intake?.replace(this.name, [...this.#holders.records()]);
    this.#hasListed = true;
  }

  #problems(): string[] {
    const { path } = this.#directory;
    return [...this.#known.keys()].sort().flatMap((name) => {
      const { records = [], problems = [] } = this.#known.get(name) ?? {};
      const shadowed = [...this.#holders.shadowed(name, records)];
      return [
        ...problems,
        ...shadowed.map(({ of, first }) => `${path}/${name}: ${of.kind} ${of.key}: ${first} has it too, and counts`),
      ];
    });
  }
}
