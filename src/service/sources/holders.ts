import type { PackedRecord } from "../store/packed.ts";

type Kind = PackedRecord["kind"];

/** An object by its name. */
export type Named = Pick<PackedRecord, "kind" | "key">;

/** A record, and the file that has it. */
interface Held {
  readonly file: string;
  readonly record: PackedRecord;
}

type ByKey<T> = Record<Kind, Map<string, T>>;

function byKey<T>(): ByKey<T> {
  return { service: new Map(), slice: new Map() };
}

/** The files there are, with what they say. */
export type Files = Iterable<readonly [name: string, records: readonly PackedRecord[]]>;

/** Which files have which objects: of those that have the same one, the first by name counts. */
export class Holders {
  /** By the files' names where several have it; of nearly all there is one, whose file is looked for when that matters. */
  readonly #held = byKey<PackedRecord | readonly Held[]>();
  readonly #files: () => Files;
  /** How many objects are in more than one. */
  #several = 0;

  constructor(files: () => Files) {
    this.#files = files;
  }

  /** The one that counts; undefined when no file has it. */
  record({ kind, key }: Named): PackedRecord | undefined {
    const held = this.#held[kind].get(key);
    return held && "text" in held ? held : held?.[0]?.record;
  }

  *records(): Iterable<PackedRecord> {
    for (const held of Object.values(this.#held))
      for (const one of held.values()) yield "text" in one ? one : (one[0] as Held).record;
  }

  /** Objects of `records`, which a file has, that count in another, and in which. */
  *shadowed(file: string, records: readonly PackedRecord[]): Iterable<{ readonly of: Named; readonly first: string }> {
    if (this.#several === 0) return;
    for (const of of records) {
      const held = this.#held[of.kind].get(of.key);
      const [first] = held && !("text" in held) ? held : [];
      if (first && first.file !== file) yield { of, first: first.file };
    }
  }

  /** That a file has `now` in place of `before`. Returns the objects of which something else may count. */
  change(file: string, before: readonly PackedRecord[], now: readonly PackedRecord[]): Named[] {
    const left = byKey<PackedRecord>();
    for (const record of before) left[record.kind].set(record.key, record);
    const touched: Named[] = [];
    const others = new Others(file, this.#files);
    for (const record of now) {
      const was = left[record.kind].get(record.key);
      left[record.kind].delete(record.key);
      if (was === record) continue;
      this.#put(file, record, was, others);
      touched.push(record);
    }
    for (const records of Object.values(left)) {
      for (const record of records.values()) {
        this.#drop(file, record);
        touched.push(record);
      }
    }
    return touched;
  }

  /** `was` is what the file had of it before. Said twice in one file it is what was said last. */
  #put(file: string, record: PackedRecord, was: PackedRecord | undefined, others: Others): void {
    const { kind, key } = record;
    const held = this.#held[kind].get(key);
    const other = held && "text" in held && held !== was ? others.fileOf(held) : undefined;
    if (!held || ("text" in held && other === undefined)) {
      this.#held[kind].set(key, record);
      return;
    }
    if ("text" in held) this.#several++;
    const before = "text" in held ? [{ file: other ?? "", record: held }] : held.filter((one) => one.file !== file);
    const all = [...before, { file, record }].sort((a, b) => (a.file < b.file ? -1 : 1));
    this.#held[kind].set(key, all);
  }

  #drop(file: string, { kind, key }: PackedRecord): void {
    const held = this.#held[kind].get(key);
    const left = held && !("text" in held) ? held.filter((one) => one.file !== file) : [];
    const [first, second] = left;
    if (held && !("text" in held) && !second) this.#several--;
    if (second) this.#held[kind].set(key, left);
    else if (first) this.#held[kind].set(key, first.record);
    else this.#held[kind].delete(key);
  }
}

/** What the files but one have: looked through when first asked for. */
class Others {
  readonly #but: string;
  readonly #files: () => Files;
  #file: Map<PackedRecord, string> | undefined;

  constructor(but: string, files: () => Files) {
    this.#but = but;
    this.#files = files;
  }

  /** Undefined for what none of them has. */
  fileOf(record: PackedRecord): string | undefined {
    this.#file ??= this.#all();
    return this.#file.get(record);
  }

  #all(): Map<PackedRecord, string> {
    const all = new Map<PackedRecord, string>();
    for (const [name, records] of this.#files())
      if (name !== this.#but) for (const record of records) all.set(record, name);
    return all;
  }
}
