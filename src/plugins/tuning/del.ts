import { ENODEV, isErrno, messageOf } from "../../base/errno.ts";
import type { Machine } from "../../features/machine.ts";
import type { Call } from "../../spec/plugin.ts";
import { WRONG_ATTRIBUTE } from "./add.ts";
import { requestsFor } from "./attributes.ts";
import { readDataDir } from "./config.ts";
import { parseState, readState, removeState, stateName } from "./state.ts";

/**
 * Puts the interface back as its state file says, and removes that: also where interface or namespace are gone. Sysctls stay,
 * as in the reference. What the device refuses, a retry does not mend: it is only told.
 * @throws CniError 5, NetlinkError, Explained for what a retry can mend; the file stays then
 */
export function del(call: Call, machine: Machine): void {
  const { containerId, ifname, netns } = call.env;
  const dataDir = readDataDir(call.config);
  const name = stateName(containerId, ifname);
  const text = readState(dataDir, name);
  if (text === undefined) return;
  const sandbox = machine.openSandboxIfThere(netns, call.warn);
  const failures = sandbox?.attempt(requestsFor(ifname, parseState(text) ?? {})) ?? [];
  const present = failures.filter((failure) => failure !== undefined && !isErrno(failure, ENODEV));
  const lasting = present.filter((failure) => isErrno(failure, ...WRONG_ATTRIBUTE));
  for (const failure of lasting) call.warn(`could not put ${ifname} back: ${messageOf(failure)}`);
  const mendable = present.find((failure) => !lasting.includes(failure));
  if (mendable) throw mendable;
  removeState(dataDir, name);
}
