import * as z from "zod";
import { messageOf } from "../../base/errno.ts";
import { OWNER, SUFFIX } from "../../features/register/words.ts";
import { readDocument, shown } from "../schema/read.ts";
import type { Change, Intake, Listing, Source } from "../seams.ts";
import type { ObjectRecord, SliceRecord } from "../store/records.ts";
import type { Directory, FileEntry } from "./files.ts";

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

/** When and where a record was true. */
interface Origin {
  readonly boot: string;
  readonly host: string | undefined;
  readonly veth: string;
  readonly ifindex: number;
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

const originSchema = z.object({
  [OWNER.boot]: z.string(),
  [OWNER.host]: z.string().optional(),
  [OWNER.veth]: z.string(),
  [OWNER.ifindex]: z.string().regex(/^[1-9]\d{0,9}$/),
});

/**
 * A record counts while its attachment can be there: it is of this boot and this network namespace, and the host's end of its link
 * exists. So a container whose namespace has ended is no endpoint any more, whether its DEL comes or not.
 */
export class CniSource implements Source {
  readonly name = "cni";
  readonly #directory: RecordDirectory;
  readonly #around: Surroundings;
  readonly #node: string;
  readonly #known = new Map<string, Known>();
  /** What was told, by file. */
  readonly #told = new Map<string, readonly SliceRecord[]>();
  readonly #ends: (() => void)[] = [];
  #intake: Intake | undefined;
  /** When the directory was listed last, in milliseconds since the epoch. */
  #listed = 0;

  /** `node` is this one's name, as endpoints have it in nodeName. */
  constructor(directory: RecordDirectory, around: Surroundings, node: string) {
    this.#directory = directory;
    this.#around = around;
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
      this.#around.watchLinks(() => this.#bury()),
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
    for (const [name, known] of this.#known) this.#told.set(name, this.#living(known));
    intake.trouble(this.name, this.#problems());
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

  /** Links have gone, and attachments with them. */
  #bury(): void {
    this.#tell([...this.#told.keys()]);
  }

  #tell(names: readonly string[]): void {
    const changes = names.flatMap((name) => this.#changesOf(name));
    this.#intake?.trouble(this.name, this.#problems());
    if (changes.length > 0) this.#intake?.apply(this.name, changes);
  }

  #changesOf(name: string): Change[] {
    const known = this.#known.get(name);
    const before = this.#told.get(name) ?? [];
    const now = known ? this.#living(known) : [];
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
      const read = this.#read(entry);
      this.#known.set(
        entry.name,
        "problems" in read ? { ...before, stamp, ...read } : { stamp, problems: [], ...read },
      );
    } catch (error) {
      this.#known.set(entry.name, { ...before, stamp, problems: [`${this.#pathOf(entry.name)}: ${messageOf(error)}`] });
    }
  }

  /** What a file says, or what is wrong with it. @throws Error when it cannot be read, or is no JSON */
  #read({ name, changed }: FileEntry): Pick<Known, "slices" | "origin"> | Pick<Known, "problems"> {
    const path = this.#pathOf(name);
    const document: unknown = JSON.parse(this.#directory.read(name));
    const { records, problems } = readDocument(document, path);
    if (problems.length > 0) return { problems };
    const origin = originOf(document);
    if (!origin) return { problems: [`${path}: ${shown(document)}: ${FOREIGN}`] };
    return { origin, slices: records.filter(isSlice).map((slice) => this.#here(slice, changed)) };
  }

  /** A record does not say which node it is on: it is on this one. */
  #here(slice: SliceRecord, changed: number): SliceRecord {
    const endpoints = slice.endpoints.map((endpoint) => ({ ...endpoint, node: this.#node }));
    return { ...slice, endpoints, since: slice.since || changed };
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

  #problems(): string[] {
    return [...this.#known.values()].flatMap(({ problems }) => problems);
  }

  #pathOf(name: string): string {
    return `${this.#directory.path}/${name}`;
  }
}

const FOREIGN = "no endpoint record of a plugin: Services and EndpointSlices of yours belong to the directory of files";

function isRecord(name: string): boolean {
  return NAME.test(name);
}

function isSlice(record: ObjectRecord): record is SliceRecord {
  return record.kind === "slice";
}

function goneSlice(key: string): Change {
  return { kind: "gone", of: "slice", key, since: 0 };
}

const recordSchema = z.object({ items: z.array(z.object({ metadata: z.object({ annotations: originSchema }) })) });

/** Where and when a record was made; undefined where it does not say. All its slices say the same. */
function originOf(document: unknown): Origin | undefined {
  const [first] = recordSchema.safeParse(document).data?.items ?? [];
  if (!first) return undefined;
  const { annotations } = first.metadata;
  return {
    boot: annotations[OWNER.boot],
    host: annotations[OWNER.host],
    veth: annotations[OWNER.veth],
    ifindex: Number(annotations[OWNER.ifindex]),
  };
}
