import { parseAllDocuments } from "yaml";
import { messageOf } from "../../base/errno.ts";
import { readDocument } from "../schema/read.ts";
import type { Intake, Listing, Source } from "../seams.ts";
import type { ObjectRecord } from "../store/records.ts";

/** A directory of JSON and YAML as a source: each file has Services and EndpointSlices, one after the other or in lists. */

/** What is asked of a directory. */
export interface Directory {
  readonly path: string;
  /** The files that are in it; empty when it is not there. @throws Error when it cannot be read */
  list(): readonly FileEntry[];
  /** @throws Error when it cannot be read */
  read(name: string): string;
  /** Has `changed` called when something may be otherwise, soon after; more often does no harm. Returns what ends that. */
  watch(changed: () => void): () => void;
}

export interface FileEntry {
  readonly name: string;
  /** Differs when its content does. */
  readonly stamp: string;
  /** When it was changed, in milliseconds since the epoch. */
  readonly changed: number;
}

/** What a file said when it was last as it should be. */
interface Known {
  readonly stamp: string;
  readonly records: readonly ObjectRecord[];
  /** What is wrong with it now. */
  readonly problems: readonly string[];
}

const NAME = /^[^.].*\.(json|ya?ml)$/;

/** A file that is broken keeps what it said last, as a whole, and is reported; one that is gone says nothing any more. */
export class FilesSource implements Source {
  readonly name = "files";
  readonly #directory: Directory;
  readonly #known = new Map<string, Known>();
  #listed = 0;
  #intake: Intake | undefined;
  #end: (() => void) | undefined;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  async start(intake: Intake): Promise<void> {
    this.#intake = intake;
    this.#end = this.#directory.watch(() => void this.relist());
    await this.relist();
  }

  async relist(): Promise<void> {
    const intake = this.#intake;
    if (!intake) return;
    let entries: readonly FileEntry[];
    try {
      entries = this.#directory.list().filter(({ name }) => NAME.test(name));
    } catch (error) {
      intake.trouble(this.name, [`${this.#directory.path}: ${messageOf(error)}: what was read last stays`]);
      return;
    }
    this.#listed = Date.now();
    const names = new Set(entries.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    for (const entry of entries) this.#look(entry);
    const { records, problems } = this.#union();
    intake.trouble(this.name, problems);
    intake.replace(this.name, records);
  }

  close(): void {
    this.#end?.();
    this.#intake = undefined;
  }

  get listing(): Listing {
    const files = Object.fromEntries([...this.#known].map(([name, { stamp }]) => [name, stamp]));
    return { path: this.#directory.path, listed: this.#listed, files };
  }

  /** The file that an object counts of; undefined: none has it. */
  fileOf(kind: ObjectRecord["kind"], key: string): string | undefined {
    const has = ({ records }: Known) => records.some((record) => record.kind === kind && record.key === key);
    const names = [...this.#known].flatMap(([name, known]) => (has(known) ? [name] : []));
    return names.sort()[0];
  }

  #look({ name, stamp, changed }: FileEntry): void {
    const before = this.#known.get(name);
    if (before?.stamp === stamp) return;
    const { records, problems } = this.#read(name);
    const since = (record: ObjectRecord) => (record.since > 0 ? record : { ...record, since: changed });
    const kept = problems.length > 0 ? (before?.records ?? []) : records.map(since);
    this.#known.set(name, { stamp, records: kept, problems });
  }

  #read(name: string): { records: readonly ObjectRecord[]; problems: readonly string[] } {
    const path = `${this.#directory.path}/${name}`;
    try {
      return readFile(this.#directory.read(name), path);
    } catch (error) {
      return { records: [], problems: [`${path}: ${messageOf(error)}`] };
    }
  }

  /** What all files say. Of an object that is in two of them the first by name counts. */
  #union(): { records: ObjectRecord[]; problems: string[] } {
    const records = new Map<string, ObjectRecord>();
    const from = new Map<string, string>();
    const problems: string[] = [];
    for (const [name, known] of [...this.#known].sort(([a], [b]) => (a < b ? -1 : 1))) {
      problems.push(...known.problems);
      for (const record of known.records) {
        const id = `${record.kind} ${record.key}`;
        const first = from.get(id);
        if (first === undefined) from.set(id, name);
        else if (first !== name) {
          problems.push(`${this.#directory.path}/${name}: ${id}: ${first} has it too, and counts`);
          continue;
        }
        records.set(id, record);
      }
    }
    return { records: [...records.values()], problems };
  }
}

/** The objects of a file's text. `path` is for messages. */
export function readFile(text: string, path: string): { records: ObjectRecord[]; problems: string[] } {
  const [documents, problems] = parseDocuments(text, path);
  if (problems.length > 0) return { records: [], problems };
  const readings = documents.map((document) => readDocument(document, path));
  return {
    records: readings.flatMap(({ records }) => records),
    problems: readings.flatMap(({ problems }) => problems),
  };
}

/** JSON is YAML too; but the engine reads it many times as fast, and YAML's parser says where it is wrong. */
export function parseDocuments(text: string, path: string): [documents: unknown[], problems: string[]] {
  if (path.endsWith(".json") || text.startsWith("{")) {
    try {
      return [[JSON.parse(text)], []];
    } catch {
      // Below is said where.
    }
  }
  const documents = [...parseAllDocuments(text, { logLevel: "silent" })];
  const problems = documents.flatMap(({ errors }) =>
    errors.map(({ linePos, message }) => {
      const [at] = linePos ?? [];
      const [what = ""] = message.split(/ at line \d+|:?\n/);
      return `${path}${at ? `:${at.line}:${at.col}` : ""}: ${what}`;
    }),
  );
  if (problems.length > 0) return [[], problems];
  const values = documents.map((document) => document.toJS() as unknown).filter((value) => value !== null);
  if (path.endsWith(".json") && values.length > 0) return [[], [`${path}: YAML, but no JSON: call it .yaml`]];
  return [values, values.length > 0 ? [] : [`${path}: empty: remove the file if its services are to go`]];
}
