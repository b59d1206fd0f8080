/** The bundle "process": running plugins that are other executables. */
import { CniError, DECODING_FAILURE } from "../spec/errors.ts";
import type { AddOutcome, Call, Verb } from "../spec/plugin.ts";
import { brief, quote } from "../spec/quote.ts";
import type { Result } from "../spec/result.ts";
import { parseResult } from "../spec/result-parse.ts";
import { renderResult } from "../spec/result-render.ts";
import type { Version } from "../spec/versions.ts";
import { exec } from "./exec.ts";

/** ADD by the plugin `type` at `path`. @throws CniError the plugin's, unchanged; 6 when it prints no result */
export function addByProcess(type: string, path: string, call: Call): AddOutcome {
  return { result: resultOf(type, runProcess("ADD", path, call), call) };
}

/** Runs a plugin for `call` and gives its stdout; its stderr becomes warnings. @throws CniError the plugin's, unchanged */
export function runProcess(verb: Verb, path: string, call: Call): string {
  const env = new Map(call.env.variables).set("CNI_COMMAND", verb);
  const { stdout, stderr } = exec(path, env, call.stdin);
  if (stderr) call.warn(stderr);
  return stdout;
}

/** What is left of a result when it is written in a version and read again. @throws CniError as renderResult */
export function throughVersion(result: Result, version: Version): Result {
  return parseResult(JSON.parse(renderResult(result, version)), version);
}

function resultOf(type: string, stdout: string, call: Call): Result {
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch (error) {
    const message = `plugin ${quote(type)} succeeded without printing a result: ${brief(stdout)}`;
    throw new CniError(DECODING_FAILURE, message, "expected the JSON of a CNI result on its stdout", error);
  }
  return parseResult(json, call.version, `result of ${quote(type)}`);
}
