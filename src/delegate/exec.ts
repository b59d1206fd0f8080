import { run } from "#sys";
import { assertErrno, messageOf } from "../base/errno.ts";
import { pluginError } from "./failure.ts";

/** What a plugin that succeeded printed. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the plugin at `path` and waits for as long as it takes.
 * @throws CniError the plugin's own, or one that says how it ended
 */
export function exec(path: string, env: ReadonlyMap<string, string>, stdin: string): Output {
  const { status, signal, stdout, stderr } = started(path, env, stdin);
  if (status === 0) return { stdout, stderr };
  throw pluginError({ stdout, stderr, ending: status === undefined ? signalText(signal) : `exit status ${status}` });
}

function started(path: string, env: ReadonlyMap<string, string>, stdin: string) {
  try {
    return run(path, { env: [...env], stdin });
  } catch (error) {
    assertErrno(error);
    throw pluginError({ stdout: "", stderr: "", ending: `fork/exec ${path}: ${messageOf(error)}` });
  }
}

/** The signals that end processes, in Go's words. */
const SIGNALS: Record<number, string> = {
  2: "interrupt",
  6: "aborted",
  9: "killed",
  11: "segmentation fault",
  13: "broken pipe",
  15: "terminated",
};

function signalText(signal: number | undefined): string {
  return `signal: ${SIGNALS[signal ?? 0] ?? signal}`;
}
