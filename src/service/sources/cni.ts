import { messageOf } from "../../base/errno.ts";
import { SUFFIX } from "../../features/register/words.ts";
import type { Change, Intake, Listing, Source } from "../seams.ts";
import type { SliceRecord } from "../store/records.ts";
import type { Directory, FileEntry } from "./files.ts";
import { type Origin, readRecord } from "./record.ts";

/** The endpoint records that the plugins' ADD writes and their DEL removes (features/register) as a source. */

/** What is asked of the directory of records. */
export interface RecordDirectory extends Pick<Directory, "path" | "list"> {
  /** Undefined when there is no such file. */
  entry(name: string): FileEntry | undefined;
  /** The text of a file. @throws Error when it cannot be read */
  read(name: string): string;
  /** Has `changed` called at once with the name of each file that may be otherwise; without one: any may be. Returns what ends that. */
  watch(changed: (name?: string) => void): () => void;
}

/** Where this berthd runs, and what links there are. */
export interface Surroundings {
  /** As sys/boot.ts has it. */
  readonly boot: string;
  /** Cookie of this network namespace, decimal; undefined before Linux 5.14. */
  readonly host: string | undefined;
  /** Whether a link of this network namespace has the index. */
  hasLink(index: number): boolean;
  /** Has `changed` called when links have gone, soon after; more often does no harm. Returns what ends that. */
  watchLinks(changed: () => void): () => void;
}

/** Which endpoints are ready, of those that can be there. */
export interface Readiness {
  isReady(slice: SliceRecord): boolean;
  /** Looks after these from now on, and after no others. Returns which of them it cannot, and why, a line each. */
  follow(slices: () => readonly SliceRecord[]): readonly string[];
  /** Has `changed` called when one of them is ready, or is not any more. Returns what ends that. */
  watch(changed: () => void): () => void;
}

interface Known {
  readonly stamp: string;
  readonly slices: readonly SliceRecord[];
  /** Undefined when no record was ever read of it. */
  readonly origin: Origin | undefined;
  readonly problems: readonly string[];
}

const NAME = new RegExp(`^[^.].*\\${SUFFIX}$`);

const NOTHING: Known = { stamp: "", slices: [], origin: undefined, problems: [] };

/**
 * A record counts while its attachment can be there: it is of this boot and this network namespace, and the host's end of its link
 * exists. So a container whose namespace has ended is no endpoint any more, whether its DEL comes or not.
 */
export class CniSource implements Source {
  readonly name = "cni";
  readonly #directory: RecordDirectory;
  readonly #around: Surroundings;
  readonly #readiness: Readiness;
  readonly #node: string;
  readonly #known = new Map<string, Known>();
  /** What was told, by file. */
  readonly #told = new Map<string, readonly SliceRecord[]>();
  readonly #ends: (() => void)[] = [];
  #intake: Intake | undefined;
  /** When the directory was listed last, in milliseconds since the epoch. */
  #listed = 0;

  /** `node` is this one's name, as endpoints have it in nodeName. */
  constructor(directory: RecordDirectory, around: Surroundings, readiness: Readiness, node: string) {
    this.#directory = directory;
    this.#around = around;
    this.#readiness = readiness;
    this.#node = node;
  }

  get listing(): Listing {
    const files = Object.fromEntries([...this.#known].map(([name, { stamp }]) => [name, stamp]));
    return { path: this.#directory.path, listed: this.#listed, names: NAME.source, files };
  }

  async start(intake: Intake): Promise<void> {
    this.#intake = intake;
    this.#ends.push(
      this.#directory.watch((name) => (name === undefined ? void this.relist() : this.#renew(name))),
      this.#around.watchLinks(() => this.#again()),
      this.#readiness.watch(() => this.#again()),
    );
    await this.relist();
  }

  async relist(): Promise<void> {
    const intake = this.#intake;
    if (!intake) return;
    let entries: readonly FileEntry[];
    try {
      entries = this.#directory.list().filter(({ name }) => isRecord(name));
    } catch (error) {
      intake.trouble(this.name, [`${this.#directory.path}: ${messageOf(error)}: what was read last stays`]);
      return;
    }
    this.#listed = Date.now();
    const names = new Set(entries.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    for (const entry of entries) this.#look(entry);
    this.#told.clear();
    const trouble = this.#follow();
    for (const [name, known] of this.#known) this.#told.set(name, this.#counting(known));
    intake.trouble(this.name, trouble);
    intake.replace(this.name, [...this.#told.values()].flat());
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#intake = undefined;
  }

  /** One file came, changed or went. */
  #renew(name: string): void {
    if (!this.#intake || !isRecord(name)) return;
    const entry = this.#directory.entry(name);
    if (entry) this.#look(entry);
    else this.#known.delete(name);
    this.#tell([name]);
  }

  /** Links have gone, and attachments with them; or what is ready is otherwise now. */
  #again(): void {
    this.#tell([...this.#told.keys()]);
  }

  #tell(names: readonly string[]): void {
    this.#intake?.trouble(this.name, this.#follow());
    const changes = names.flatMap((name) => this.#changesOf(name));
    if (changes.length > 0) this.#intake?.apply(this.name, changes);
  }

  #changesOf(name: string): Change[] {
    const known = this.#known.get(name);
    const before = this.#told.get(name) ?? [];
    const now = known ? this.#counting(known) : [];
    if (known) this.#told.set(name, now);
    else this.#told.delete(name);
    const keys = new Set(now.map(({ key }) => key));
    const gone = before.filter(({ key }) => !keys.has(key));
    return [...now.filter((slice) => !before.includes(slice)), ...gone.map(({ key }) => goneSlice(key))];
  }

  #look(entry: FileEntry): void {
    const before = this.#known.get(entry.name) ?? NOTHING;
    if (before.stamp === entry.stamp) return;
    const { stamp } = entry;
    try {
      const path = this.#pathOf(entry.name);
      const read = readRecord(JSON.parse(this.#directory.read(entry.name)), path);
      const slices = read.slices.map((slice) => this.#here(slice, entry.changed));
      const kept = read.problems.length > 0 ? before : { origin: read.origin, slices };
      this.#known.set(entry.name, { ...kept, stamp, problems: read.problems });
    } catch (error) {
      this.#known.set(entry.name, { ...before, stamp, problems: [`${this.#pathOf(entry.name)}: ${messageOf(error)}`] });
    }
  }

  /** A record does not say which node it is on: it is on this one. */
  #here(slice: SliceRecord, changed: number): SliceRecord {
    const endpoints = slice.endpoints.map((endpoint) => ({ ...endpoint, node: this.#node }));
    return { ...slice, endpoints, since: slice.since || changed };
  }

  /** Has readiness looked after what lives. Returns all that is wrong. */
  #follow(): string[] {
    const all = [...this.#known.values()];
    const unable = this.#readiness.follow(() => all.flatMap((known) => this.#living(known)));
    return [...all.flatMap(({ problems }) => problems), ...unable];
  }

  #counting(known: Known): readonly SliceRecord[] {
    return this.#living(known).map((slice) => (this.#readiness.isReady(slice) ? slice : unready(slice)));
  }

  #living({ slices, origin }: Known): readonly SliceRecord[] {
    return origin && this.#isAlive(origin) ? slices : [];
  }

  #isAlive({ boot, host, ifindex }: Origin): boolean {
    const around = this.#around;
    if (boot !== around.boot) return false;
    // Without cookies nobody knows whose links these are.
    if (host === undefined || around.host === undefined) return true;
    return host === around.host && around.hasLink(ifindex);
  }

  #pathOf(name: string): string {
    return `${this.#directory.path}/${name}`;
  }
}

function isRecord(name: string): boolean {
  return NAME.test(name);
}

function unready(slice: SliceRecord): SliceRecord {
  return { ...slice, endpoints: slice.endpoints.map((one) => ({ ...one, ready: false, serving: false })) };
}

function goneSlice(key: string): Change {
  return { kind: "gone", of: "slice", key, since: 0 };
}
