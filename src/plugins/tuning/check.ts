import { EACCES, EINVAL, EPERM, isErrno } from "../../base/errno.ts";
import type { Machine } from "../../features/machine.ts";
import type { Sandbox } from "../../host/sandbox.ts";
import type { Sysctls } from "../../host/sysctl.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { findInterface } from "./add.ts";
import { difference } from "./attributes.ts";
import { readPrevResult, readTuning, type Setting } from "./config.ts";

/** Compares what is configured with what is there. @throws CniError naming the first difference */
export function check(call: Call, machine: Machine): void {
  const { settings, attributes } = readTuning(call);
  readPrevResult(call);
  const sandbox = machine.openSandbox(call.env.netns);
  if (settings.length > 0) checkSettings(sandbox, settings);
  const different = difference(findInterface(sandbox, call), attributes);
  if (!different) return;
  const [what, wanted, now] = different;
  throw new CniError(
    INTERNAL,
    `Error: Tuning configured ${what} of ${call.env.ifname} is ${wanted}, current value is ${now}`,
    `somebody has changed ${call.env.ifname} in ${call.env.netns} since the ADD`,
  );
}

/** What a sysctl says that can only be written. */
const UNREADABLE = [EACCES, EPERM, EINVAL];

function checkSettings(sandbox: Sandbox, settings: readonly Setting[]): void {
  const now = sandbox.enter((sysctls) => settings.map(({ path }) => currentOf(sysctls, path)));
  settings.forEach(({ path, value }, i) => {
    const is = now[i];
    if (is === undefined || words(is) === words(value)) return;
    throw new CniError(
      INTERNAL,
      `Error: Tuning configured value of /proc/sys/${path} is ${value}, current value is ${is}`,
      "somebody has changed it since the ADD",
    );
  });
}

/** Undefined where it cannot be read. @throws CniError where there is none */
function currentOf(sysctls: Sysctls, path: string): string | undefined {
  try {
    const value = sysctls.read(path);
    if (value !== undefined) return value;
  } catch (error) {
    if (isErrno(error, ...UNREADABLE)) return undefined;
    throw error;
  }
  throw new CniError(INTERNAL, `open /proc/sys/${path}: no such file or directory`, "it was there when the ADD set it");
}

/** The kernel puts tabs between several numbers, whatever is between them in a configuration. */
function words(value: string): string {
  return value.trim().split(/\s+/).join(" ");
}
