/** The machine's list of sysctls that containers may have: a regular expression on each line. No such file: all of them. */
import { readFile } from "#sys";
import { assertErrno, ENOENT, ENOTDIR, isErrno, messageOf } from "../../base/errno.ts";
import { CniError, INVALID_CONFIG, IO_FAILURE } from "../../spec/errors.ts";
import type { Setting } from "./config.ts";
import { readPattern } from "./pattern.ts";

const PATH = "/etc/cni/tuning/allowlist.conf";

/** @throws CniError 7 for the first setting that no line allows, or a line that is no expression; 5 when it cannot be read */
export function assertAllowed(settings: readonly Setting[]): void {
  const text = settings.length > 0 ? readList() : undefined;
  if (text === undefined) return;
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  for (const { name } of settings) {
    if (lines.some((line) => patternOf(line).test(name))) continue;
    throw new CniError(
      INVALID_CONFIG,
      `Sysctl ${name} is not allowed. Only the following sysctls are allowed: [${lines.join(" ")}]`,
      `take it out of "sysctl", or have the administrator add it to ${PATH}`,
    );
  }
}

function readList(): string | undefined {
  try {
    return readFile(PATH);
  } catch (error) {
    if (isErrno(error, ENOENT, ENOTDIR)) return undefined;
    assertErrno(error);
    throw new CniError(
      IO_FAILURE,
      `cannot read ${PATH}: ${messageOf(error)}`,
      "it says which sysctls are allowed",
      error,
    );
  }
}

function patternOf(line: string): RegExp {
  try {
    return readPattern(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CniError(
      INVALID_CONFIG,
      `${PATH}: the line "${line}" cannot be used: ${error.message}`,
      "each line is a regular expression as Go has them, without flags, named groups and classes such as [:alpha:]",
      error,
    );
  }
}
