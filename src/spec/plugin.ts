import type { Phase } from "./call-record.ts";
import type { AttachedLink, Collection, Offer, OwnedLease } from "./delegate.ts";
import type { Env } from "./env.ts";
import type { Result } from "./result.ts";
import type { Version } from "./versions.ts";

/** The commands that a plugin performs; VERSION is answered for it. */
export type Verb = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS";

/** One call of a plugin, checked as far as that is the same for every plugin. */
export interface Call {
  readonly env: Env;
  /** The request exactly as it came, for a delegate. */
  readonly stdin: string;
  /** `stdin` as parsed JSON: an object, its members unchecked (spec/config.ts, spec/decode.ts). */
  readonly config: unknown;
  /** The network's name. */
  readonly name: string;
  /** The configuration's cniVersion, "0.1.0" when it has none; one that the plugin supports. */
  readonly version: Version;
  /** The plugins of this executable: one that is delegated to runs without a process (delegate/delegate.ts). */
  readonly delegates: readonly Plugin[];
  /** Says something to the operator: one line on stderr. */
  warn(line: string): void;
  /** Of a call that is logged: what follows is of this phase. */
  phase?: (phase: Phase) => void;
  /**
   * ADD and STATUS of an IPAM plugin that an upper plugin of this process asks: is shown what would be given, before anything
   * is leased. Throws CniError to refuse it.
   */
  vet?(offer: Offer): void;
}

/** What an ADD made. */
export interface AddOutcome {
  readonly result: Result;
  /** Of an IPAM plugin: to be told which link its addresses belong to, once that exists. */
  readonly attached?: (link: AttachedLink) => void;
  /** Of an IPAM plugin: the AttachedLink.rules of an earlier attachment that is gone and whose addresses these are. */
  readonly rulesBefore?: string | undefined;
  /** Takes back what this ADD made alone, for a result that cannot be delivered. */
  readonly rollback?: () => void;
  /**
   * Instead of that, when the result has been delivered: lets go of what the ADD holds open, of an IPAM plugin the locks by
   * which a GC knows that it still runs. Only a process that goes on needs to.
   */
  readonly release?: () => void;
}

/** What became of an attachment's rules: its network asks for none, its link is gone, or what was missing and is back. */
export type Restored = "none asked" | "gone" | readonly string[];

/** What a plugin does at each command. A handler that fails throws, and has undone by then what it made. */
export interface Handlers {
  ADD(call: Call): AddOutcome;
  DEL?(call: Call): void;
  CHECK?(call: Call): void;
  GC?(call: Call): void;
  STATUS?(call: Call): void;
  /**
   * IPAM plugins only, asked by an upper plugin with its own call: the leases of its container and interface, read
   * without changing anything, whatever the state of the ranges. Whoever removes rules before addresses asks this first.
   */
  leases?(call: Call): OwnedLease[] | undefined;
  /** The same for a GC: begins it. */
  collection?(call: Call): Collection | undefined;
  /**
   * For the operator: with calls as of CHECK, puts back the rules of their attachments that others have removed. In their order:
   * what says what became of each, or throws why it failed. Undefined: the plugin makes none.
   */
  restore?(calls: readonly Call[]): (() => Restored)[] | undefined;
}

/** A plugin: what skel runs. A command without a handler succeeds, as in the reference. */
export interface Plugin extends Handlers {
  /** The name it is called under. */
  readonly name: string;
  /** The spec versions it speaks, oldest first. */
  readonly versions: readonly Version[];
}

/**
 * The plugin that a file of this name is; undefined when there is none. By a plugin's own name, or one that a project gives it,
 * of which that is the last part ("cnv-bridge", "buildkit-cni-host-local").
 */
export function pluginNamed(file: string, plugins: readonly Plugin[]): Plugin | undefined {
  for (let at = 0; ; ) {
    const name = file.slice(at);
    // Each call looks for its own and for an IPAM plugin, which may be none of these.
    for (let i = 0; i < plugins.length; i++) if (plugins[i]?.name === name) return plugins[i];
    const dash = file.indexOf("-", at);
    if (dash < 0) return undefined;
    at = dash + 1;
  }
}
