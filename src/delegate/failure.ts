import { CniError, INTERNAL } from "../spec/errors.ts";
import { quote } from "../spec/quote.ts";

/** What a plugin left when it failed. */
export interface FailedProcess {
  readonly stdout: string;
  readonly stderr: string;
  /** How it ended: "exit status 1". */
  readonly ending: string;
}

/** The error of a plugin that failed: the one it printed, unchanged, else what can be said of it. */
export function pluginError({ stdout, stderr, ending }: FailedProcess): CniError {
  if (stdout.trim() === "") {
    if (stderr === "") return new CniError(INTERNAL, `netplugin failed with no error message: ${ending}`);
    return new CniError(INTERNAL, `netplugin failed: ${quote(stderr)}: ${ending}`);
  }
  try {
    const { code, msg, details } = JSON.parse(stdout);
    return new CniError(
      typeof code === "number" ? code : INTERNAL,
      typeof msg === "string" ? msg : "",
      typeof details === "string" ? details : "",
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `netplugin failed but error parsing its diagnostic message ${quote(stdout)}: ${reason}`;
    return new CniError(INTERNAL, message, "", error);
  }
}
