import type { PackedRecord } from "../store/packed.ts";

type Kind = PackedRecord["kind"];

/** A record, and the file that has it. */
interface Held {
  readonly file: string;
  readonly record: PackedRecord;
}

/** Which files have which objects: of those that have the same one, the first by name counts. */
export class Holders {
  /** By key, in the order of the files' names. Nearly all have one, and a list for each would be as large again. */
  readonly #held = { service: new Map<string, Held | Held[]>(), slice: new Map<string, Held | Held[]>() };
  /** How many objects are in more than one. */
  #several = 0;

  /** The one that counts; undefined when no file has it. */
  record(kind: Kind, key: string): PackedRecord | undefined {
    return this.#of(kind, key)[0]?.record;
  }

  *records(): Iterable<PackedRecord> {
    for (const held of [this.#held.service, this.#held.slice])
      for (const one of held.values()) yield (Array.isArray(one) ? (one[0] as Held) : one).record;
  }

  /** Objects of `records`, which a file has, that count in another, and in which. */
  *shadowed(file: string, records: readonly PackedRecord[]): Iterable<{ readonly of: PackedRecord; first: string }> {
    if (this.#several === 0) return;
    for (const record of records) {
      const [first] = this.#of(record.kind, record.key);
      if (first && first.file !== file) yield { of: record, first: first.file };
    }
  }

  /** That a file has `now` in place of `before`. Returns the objects of which something else may count. */
  change(
    file: string,
    before: readonly PackedRecord[],
    now: readonly PackedRecord[],
  ): Pick<PackedRecord, "kind" | "key">[] {
    const left = { service: new Map<string, PackedRecord>(), slice: new Map<string, PackedRecord>() };
    for (const record of before) left[record.kind].set(record.key, record);
    const touched: Pick<PackedRecord, "kind" | "key">[] = [];
    for (const record of now) {
      const was = left[record.kind].get(record.key);
      left[record.kind].delete(record.key);
      // Said twice in one file it is what was said last.
      this.#put(file, record);
      if (was !== record) touched.push(record);
    }
    for (const gone of [left.service, left.slice]) {
      for (const record of gone.values()) {
        this.#drop(file, record);
        touched.push(record);
      }
    }
    return touched;
  }

  #of(kind: Kind, key: string): readonly Held[] {
    const held = this.#held[kind].get(key);
    if (held === undefined) return [];
    return Array.isArray(held) ? held : [held];
  }

  #put(file: string, record: PackedRecord): void {
    const others = this.#of(record.kind, record.key).filter((one) => one.file !== file);
    this.#set(record, [...others, { file, record }]);
  }

  #drop(file: string, record: PackedRecord): void {
    this.#set(
      record,
      this.#of(record.kind, record.key).filter((one) => one.file !== file),
    );
  }

  #set({ kind, key }: PackedRecord, held: Held[]): void {
    const [first, second] = held;
    if (Array.isArray(this.#held[kind].get(key))) this.#several--;
    if (second) {
      this.#several++;
      this.#held[kind].set(
        key,
        held.sort((a, b) => (a.file < b.file ? -1 : 1)),
      );
    } else if (first) this.#held[kind].set(key, first);
    else this.#held[kind].delete(key);
  }
}
