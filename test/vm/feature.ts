/** A part of what the plugins do, tried on each kernel. */
import type { test } from "bun:test";
import type { Json } from "../support/command.ts";
import type { Script, Transcript } from "../support/vm/script.ts";

export interface Feature {
  /** A column of docs/kernels.md. */
  title: string;
  /** Adds its steps, under keys of its own. */
  steps(all: Script): void;
  /** Defines its tests. */
  tests(seen: Seen): void;
}

/** What came of the steps on one kernel; of and json throw when the machine did not come so far. */
export interface Seen extends Pick<Transcript, "of"> {
  json(key: string): Json;
  /** Where the kernel is not to be had, the tests are skipped. */
  test: typeof test;
}
