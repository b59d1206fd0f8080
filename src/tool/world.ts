import type { Plugin } from "../spec/plugin.ts";

/** What the executable says of itself. */
export interface About {
  readonly version: string;
  /** The release of the reference whose behaviour the plugins have, and ours. */
  readonly build: string;
  readonly plugins: readonly Plugin[];
}

/** A stream that somebody reads. */
export interface Stream {
  /** Whether that is a terminal: tables and colours there, plain text elsewhere. */
  readonly isTerminal: boolean;
  /** Of the terminal; 80 where it does not say. */
  readonly columns: number;
}

/** What a command is given of the world. What it prints is in its Outcome. */
export interface World {
  /** The name that the executable is called by: "berth", "cnitool". */
  readonly called: string;
  readonly about: About;
  readonly env: ReadonlyMap<string, string>;
  /** What stdout or stderr is open on. */
  stream(name: "stdout" | "stderr"): Stream;
  /** Reads stdin to its end. */
  stdin(): string;
  /** Writes a line to stderr at once: for what takes more than a second. */
  progress(line: string): void;
}

/** What a command gives back: what it prints, and its exit status (EXIT). */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Of a command that goes on until somebody ends it: what it prints after that, by `write`; gives its exit status if not `code`. */
  readonly rest?: (write: (text: string) => void) => number | undefined;
}

/** Exit statuses of all commands; what one adds to them its help says. */
export const EXIT = {
  /** Done; of a question: all is well. */
  ok: 0,
  /** Not done, or something is wrong. */
  failed: 1,
  /** The command line is wrong, and nothing was done. */
  usage: 2,
} as const;

export const printed = (stdout: string, code: number = EXIT.ok): Outcome => ({ code, stdout, stderr: "" });

export const failed = (stderr: string, code: number = EXIT.failed): Outcome => ({ code, stdout: "", stderr });
