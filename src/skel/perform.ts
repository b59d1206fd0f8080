import { deferSignals } from "#sys";
import { EFBIG, isErrno, messageOf } from "../base/errno.ts";
import { settle } from "../base/undo.ts";
import { readHead } from "../spec/config.ts";
import { readEnv } from "../spec/env.ts";
import { CniError, INVALID_ENVIRONMENT, IO_FAILURE } from "../spec/errors.ts";
import { assertLimits } from "../spec/limits.ts";
import type { AddOutcome, Call, Plugin, Verb } from "../spec/plugin.ts";
import { renderResult } from "../spec/result-render.ts";
import { errorJson, toCniError } from "./failure.ts";
import type { Journal, PerformLogged } from "./journal.ts";
import { guardNetns } from "./netns.ts";
import type { Reply } from "./reply.ts";
import { assertVersion, isVerb, VERBS } from "./verbs.ts";

/**
 * Performs a command but VERSION, in the order of the reference's skel, except that CNI_NETNS is compared with the
 * plugin's own namespace before the work (netns.ts). Never throws: this is where an error becomes error JSON. Without
 * `logging` nobody asks whether the network wants its calls logged.
 */
export function perform(
  plugin: Plugin,
  variables: ReadonlyMap<string, string>,
  stdin: () => string,
  delegates: readonly Plugin[],
  logging?: Logging,
): Reply {
  const lines: string[] = [];
  const warn = (line: string) => void lines.push(line.endsWith("\n") ? line : `${line}\n`);
  let size = 0;
  const request = () => {
    const text = stdin();
    size = text.length;
    return text;
  };
  try {
    const answer = answerOf(plugin, variables, request, delegates, warn, logging);
    return { code: 0, stderr: lines.join(""), ...answer };
  } catch (error) {
    return { code: 1, stdout: errorJson(toCniError(error, size)), stderr: lines.join("") };
  }
}

/** What performs the call instead, where its network wants it logged; or the journal of one that is logged. */
type Logging = (() => PerformLogged) | Journal;

/** code and stderr: of one that something else has performed. */
type Answer = Omit<Reply, "code" | "stderr"> & Partial<Reply>;

function answerOf(
  plugin: Plugin,
  variables: ReadonlyMap<string, string>,
  readStdin: () => string,
  delegates: readonly Plugin[],
  warn: (line: string) => void,
  logging: Logging | undefined,
): Answer {
  const command = variables.get("CNI_COMMAND") ?? "";
  const verb = isVerb(command) ? command : undefined;
  const env = readEnv(variables, verb ? VERBS[verb].needs : []);
  const stdin = received(readStdin);
  const head = readHead(stdin);
  const { config, name, cniVersion, log } = head;
  if (typeof logging === "function") {
    if (log) return logging()(plugin, variables, () => stdin, delegates, log);
  } else logging?.begin(head);
  if (!verb) {
    throw new CniError(INVALID_ENVIRONMENT, `unknown CNI_COMMAND: ${command}`);
  }
  assertVersion(verb, cniVersion, plugin.versions);
  if (verb === "ADD") assertLimits(name, env.containerId);
  const call: Call = {
    env: guardNetns(verb, env, warn),
    stdin,
    config,
    name,
    version: cniVersion,
    delegates,
    warn,
  };
  if (logging && typeof logging !== "function") call.phase = logging.enter;
  return handle(plugin, verb, call);
}

function received(readStdin: () => string): string {
  try {
    return readStdin();
  } catch (error) {
    const details = isErrno(error, EFBIG) ? "more than 16 MiB, the most that is read, came on stdin" : "";
    throw new CniError(IO_FAILURE, `error reading from stdin: ${messageOf(error)}`, details, error);
  }
}

function handle(plugin: Plugin, verb: Verb, call: Call): Answer {
  if (verb !== "ADD") {
    plugin[verb]?.(call);
    return { stdout: "" };
  }
  const outcome = plugin.ADD(call);
  const stdout = rendered(outcome, call);
  const { rollback, release } = outcome;
  return { stdout, ...(rollback && { rollback }), ...(release && { release }) };
}

/** A result that cannot be written in the caller's version reaches nobody, so what it describes is taken back. */
function rendered({ result, rollback }: AddOutcome, call: Call): string {
  try {
    return renderResult(result, call.version);
  } catch (error) {
    const failures = rollback ? deferSignals(() => settle([rollback])) : [];
    for (const failure of failures) call.warn(`could not take back: ${messageOf(failure)}`);
    if (result.ips.length === 0) {
      call.warn(`a result of version ${call.version} needs an address: use cniVersion 0.3.0 or later without IPAM`);
    }
    throw error;
  }
}
