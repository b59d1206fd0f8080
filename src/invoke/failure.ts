import { CniError } from "../spec/errors.ts";
import type { Verb } from "./request.ts";

/**
 * What goes wrong here is a CniError whose `text` is libcni's, word for word, so that what reads libcni's messages reads
 * these. `code` is the plugin's own where a plugin said one; libcni has none for most of the others.
 */

/** Why a plugin could not be called, or what it answered. */
export class PluginFailure extends CniError {
  /** Its type. */
  readonly plugin: string;
  readonly verb: Verb;

  constructor(plugin: string, verb: Verb, context: string, failure: CniError) {
    super(failure.code, `${context}${failure.message}`, failure.details, failure.cause ?? failure);
    this.plugin = plugin;
    this.verb = verb;
  }
}

/** Several failures as one: of a GC, which tries all; of a validation, which looks at all. */
export class Failures extends CniError {
  readonly failures: readonly CniError[];

  /** `text` is what libcni makes of the texts of `failures`, of which there is at least one. */
  constructor(failures: readonly CniError[], text: string) {
    super(failures[0]?.code ?? 0, text, "", failures[0]);
    this.failures = failures;
  }
}

/** The failure with `context` before its message; whose plugin's it is stays. What is no CniError is given back as it is. */
export function within(context: string, error: unknown): unknown {
  if (error instanceof PluginFailure) return new PluginFailure(error.plugin, error.verb, context, error);
  return error instanceof CniError ? new CniError(error.code, context + error.message, error.details, error) : error;
}
