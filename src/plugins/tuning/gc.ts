import { messageOf } from "../../base/errno.ts";
import { settle } from "../../base/undo.ts";
import { validAttachmentsOf } from "../../spec/config.ts";
import { decode } from "../../spec/decode.ts";
import { CniError, IO_FAILURE } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { gcSchema, readDataDir } from "./config.ts";
import { removeState, stateName, statesOf } from "./state.ts";

/**
 * Removes the state files of this network's attachments that are not valid any more. A caller that gives no list of valid
 * ones does not know: nothing is touched.
 * @throws CniError 5 when a file could not be removed; all have been tried
 */
export function gc({ config, name: network }: Call): void {
  const valid = validAttachmentsOf(decode(gcSchema, config));
  if (!valid) return;
  const dataDir = readDataDir(config);
  const kept = new Set(valid.map(({ containerId, ifname }) => stateName(containerId, ifname)));
  const stale = statesOf(dataDir, network).filter((name) => !kept.has(name));
  const failures = settle(stale.map((name) => () => removeState(dataDir, name)));
  if (failures.length === 0) return;
  throw new CniError(IO_FAILURE, failures.map(messageOf).join("; "), "GC can be repeated", failures[0]);
}
