import { writeFile } from "#sys";
import { messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { drive } from "../../invoke/drive.ts";
import { PluginFailure } from "../../invoke/failure.ts";
import type { Host, Steps } from "../../invoke/request.ts";
import { CniError } from "../../spec/errors.ts";
import { O } from "../../sys/flags.ts";
import { systemHost } from "../invoke-driver.ts";
import { jsonText } from "../output/json.ts";
import { EXIT, failed, type Outcome, printed, type World } from "../world.ts";
import type { CallFlags } from "./options.ts";
import { type Recorded, recording, savedText } from "./recording.ts";
import { timingsText, traceLines } from "./told.ts";

/** What a command that calls plugins does: its steps, and what it prints of what they give. */
export interface Act<T> {
  readonly steps: () => Steps<T>;
  readonly print: (value: T) => string;
  /** Its subject, for messages: "add". */
  readonly verb: string;
}

/** Does it, as the flags say, and gives what is to be printed: a failure as the plugin worded it. */
export function perform<T>({ steps, print, verb }: Act<T>, flags: CallFlags, world: World): Outcome {
  const recorded: Recorded[] = [];
  const host = hostOf(flags, world, recorded);
  const outcome = guarded(() => printed(print(drive(steps(), host))), flags, verb);
  if (flags.timings) world.progress(timingsText(recorded).trimEnd());
  if (flags.save !== undefined) save(flags.save, recorded);
  return outcome;
}

/** This machine, with each call kept in `recorded`; what plugins say on stderr goes on to ours. */
export function hostOf({ timeout, trace = false }: CallFlags, world: World, recorded: Recorded[]): Host {
  const milliseconds = timeout === undefined ? undefined : millisecondsOf(timeout);
  const host = systemHost({ warn: () => undefined, timeout: milliseconds });
  return recording(host, trace, (one) => {
    recorded.push(one);
    if (trace) for (const line of traceLines(one)) world.progress(line);
    else if (one.outcome.ending === undefined && one.outcome.stderr !== "")
      world.progress(one.outcome.stderr.trimEnd());
  });
}

function millisecondsOf(seconds: string): number {
  const value = Number(seconds);
  if (value > 0 && value < 1e6) return value * 1000;
  throw new Explained(`--timeout ${seconds} is not a number of seconds`, "for example --timeout 30");
}

/** What `work` prints, or the failure that it ends with. */
export function guarded(work: () => Outcome, { output }: CallFlags, verb: string): Outcome {
  try {
    return work();
  } catch (error) {
    if (error instanceof CniError)
      return output === "json" ? printed(errorJson(error), EXIT.failed) : failed(`${error.text}\n`);
    if (error instanceof Explained)
      return failed(`berth ${verb}: ${error.message}${error.details && `: ${error.details}`}\n`);
    throw error;
  }
}

function errorJson(error: CniError): string {
  const plugin = error instanceof PluginFailure ? { plugin: error.plugin } : {};
  const details = error.details ? { details: error.details } : {};
  return jsonText({ code: error.code, msg: error.message, ...details, ...plugin });
}

function save(path: string, recorded: readonly Recorded[]): void {
  try {
    writeFile(path, savedText(recorded), O.CREAT | O.TRUNC, 0o600);
  } catch (error) {
    throw new Explained(`the calls cannot be saved: ${messageOf(error)}`, "");
  }
}
