import type { Phase } from "../spec/call-record.ts";
import type { Head, LogTarget } from "../spec/config.ts";
import type { Plugin } from "../spec/plugin.ts";
import type { Reply } from "./reply.ts";

/** What is noted of a call that is logged while it runs (log/watch.ts). No other call has one. */
export interface Journal {
  /** The call is about this, and its plugin begins. */
  begin(head: Head): void;
  /** From now on the call is in this phase, where it may have been before. */
  readonly enter: (phase: Phase) => void;
}

/** Performs a call and has its reply write the record: log/logged.ts, which is loaded where the log is switched on. */
export type PerformLogged = (
  plugin: Plugin,
  variables: ReadonlyMap<string, string>,
  stdin: () => string,
  delegates: readonly Plugin[],
  target: LogTarget,
) => Reply;
