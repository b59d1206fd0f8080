/**
 * What the invoker asks for. It does nothing itself: a generator yields a Request and is given its answer, or has an error
 * thrown into it, by a driver (drive.ts) that has a Host to do it. So a command that must not touch anything (--dry-run), one
 * that replays a recording, and a program with an executor of its own are hosts, and the sequences know nothing of them.
 */

/** The commands of the CNI spec 1.1.0, section 2. */
export type Verb = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "VERSION";

/** A call of a plugin. */
export interface PluginCall {
  /** The executable, as the answer to a "find" gave it. */
  readonly path: string;
  /** The plugin's type, as the list has it. */
  readonly plugin: string;
  readonly verb: Verb;
  /** To be set over the environment that the caller has, each in the place of one of that name. */
  readonly variables: readonly (readonly [name: string, value: string])[];
  readonly stdin: string;
  /** It takes back what an ADD made: to be done also where the caller no longer wants to wait. */
  readonly undoes?: true;
}

/** How a plugin ended. */
export interface PluginOutcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Absent where it ended with status 0; else how it did, in Go's words (system.ts). */
  readonly ending?: string;
  /** Why the host ended it; goes into the error as its cause. */
  readonly cause?: unknown;
}

export type Request =
  /** The names in a directory, in any order. May throw a failed system call. */
  | { readonly do: "readDirectory"; readonly path: string }
  /** Whether that is a directory; a link to one is none, nor is what is not there. */
  | { readonly do: "isDirectory"; readonly path: string }
  /** The bytes of a file. May throw a failed system call. */
  | { readonly do: "readFile"; readonly path: string }
  /** The first of these that is a regular file, symbolic links followed; undefined where none is. */
  | { readonly do: "find"; readonly plugin: string; readonly candidates: readonly string[] }
  /**
   * Runs a plugin to its end. On success what it printed on stderr is the caller's to see, and the host's to pass on. That it
   * cannot be started is an ending, too.
   */
  | { readonly do: "exec"; readonly call: PluginCall }
  /** A file (mode 0600), written over what is there, in a directory that is made with its parents (mode 0700). May throw. */
  | { readonly do: "writeCache"; readonly directory: string; readonly path: string; readonly text: string }
  /** Removes a file. What is not there may throw: it is not listened to. */
  | { readonly do: "removeCache"; readonly path: string };

/** The answer to each. */
export interface Answers {
  readDirectory: readonly string[];
  isDirectory: boolean;
  readFile: Uint8Array;
  find: string | undefined;
  exec: PluginOutcome;
  writeCache: unknown;
  removeCache: unknown;
}

export type RequestOf<D extends keyof Answers> = Extract<Request, { do: D }>;

/** What does requests, and returns when they are done. */
export type Host = { readonly [D in keyof Answers]: (request: RequestOf<D>) => Answers[D] };

/** The same, of a host that does them meanwhile. */
export type AsyncHost = { readonly [D in keyof Answers]: (request: RequestOf<D>) => Promise<Answers[D]> };

/** Work that asks for things one after the other, and gives a T in the end. It may throw CniError (failure.ts). */
export type Steps<T> = Generator<Request, T, unknown>;

/** Asks for one thing: `yield* ask({ do: "readFile", path })`. Throws what the host threw. */
export function* ask<D extends keyof Answers>(request: RequestOf<D>): Steps<Answers[D]> {
  return (yield request) as Answers[D];
}
