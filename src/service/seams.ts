import type { PackedRecord } from "./store/packed.ts";
import type { ObjectRecord } from "./store/records.ts";
import type { ServicePort } from "./store/resolve.ts";

/**
 * Where berthd is open. A **source** tells the store what there is: it lists, then watches, and lists again at any gap. The **store**
 * keeps it and tells what changed. A **sink** makes something of it: rules, and in time a gateway's routes and names.
 */

/** What a source tells of; store/store.ts is the one there is. */
export interface Intake {
  /** All that the source has. What it had before and is not among `records` is gone. */
  replace(source: string, records: readonly (ObjectRecord | PackedRecord)[]): void;
  /** What came, or is otherwise now, and what went. It may come twice or late: the next `replace` counts. */
  apply(source: string, changes: readonly Change[]): void;
  /** That the source cannot tell at the moment, and why; undefined: it can again. What it told last stays. */
  trouble(source: string, problems: readonly string[]): void;
}

/** An object as it is now, which may come packed, or one that is gone. */
export type Change = ObjectRecord | PackedRecord | Gone;

export interface Gone {
  readonly kind: "gone";
  readonly of: "service" | "slice";
  /** `NAMESPACE/NAME`. */
  readonly key: string;
  /** When it went, in milliseconds since the epoch; 0: not known. */
  readonly since: number;
}

/** Something that knows of services. */
export interface Source {
  /** In messages and metrics, and by which its records are told from others'. */
  readonly name: string;
  /** Lists into `intake` before it resolves, then watches until `close`. @throws Error where it can never work */
  start(intake: Intake): Promise<void>;
  /** Of a source that reads a directory: what it has taken of it. */
  readonly listing?: Listing;
  /** Lists again, as at a gap. */
  relist(): Promise<void>;
  close(): void;
}

/** What of a directory a source has taken, for who asks whether that is still what there is (`berth doctor`). */
export interface Listing {
  readonly path: string;
  /** When it was listed last, in milliseconds since the epoch. */
  readonly listed: number;
  /** The names that it takes files of: the text of a regular expression. */
  readonly names: string;
  /** Name -> `INODE SIZE MTIME …`, the time in milliseconds, with fraction, since the epoch. */
  readonly files: Readonly<Record<string, string>>;
}

/** What changed since a consumer was last told: keys of services, and when the oldest change of each happened. */
export interface Changes {
  /** Counts the changes of the store. */
  readonly revision: number;
  /** Key of a service -> milliseconds since the epoch; 0: not known. */
  readonly services: ReadonlyMap<string, number>;
}

/** What a consumer sees of the store. */
export interface View {
  readonly revision: number;
  /** Whether every source has listed once: before that, what is not there must not be concluded from. */
  readonly isComplete: boolean;
  /** The keys of all services. */
  keys(): Iterable<string>;
  /** The ports of a service as this node is to carry them, in each family; empty when there is no such service. */
  portsOf(key: string): ServicePort[];
  /** Has `listener` told of each change from now on. Returns what ends that. */
  subscribe(listener: (changes: Changes) => void): () => void;
}

/** Something that makes what the store has come true. */
export interface Sink {
  readonly name: string;
  /** The revision that it has come to. */
  readonly applied: number;
  start(view: View): Promise<void>;
  /** Takes back what it made. Not done at `close`: rules outlive the agent. */
  cleanup(): Promise<void>;
  close(): void;
}
