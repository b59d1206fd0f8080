/** The log of calls (docs/log.md), where it is switched on: a bundle of its own, which no other call loads. */
import { messageOf } from "../../base/errno.ts";
import type { CallRecord } from "../../spec/call-record.ts";
import type { LogTarget } from "../../spec/config.ts";
import type { PerformLogged } from "../journal.ts";
import { perform } from "../perform.ts";
import { append } from "./append.ts";
import { recordOf } from "./record.ts";
import { Watch } from "./watch.ts";

/** Bytes beyond which the file is rotated, unless the network or the environment says otherwise. */
const SIZE = 10 << 20;

export const performLogged: PerformLogged = (plugin, variables, stdin, delegates, target) => {
  const watch = new Watch();
  const reply = perform(plugin, variables, stdin, delegates, watch);
  const ms = watch.end();
  return {
    ...reply,
    log: (delivered) => write(target, () => recordOf(plugin.name, variables, watch, ms, reply, delivered)),
  };
};

/** Never throws: a call does not fail for its log. Returns what to say on stderr. */
function write({ path, size }: LogTarget, record: () => CallRecord): string {
  try {
    if (!path.startsWith("/")) throw new Error("its path must begin with /");
    append(path, `${JSON.stringify(record())}\n`, size > 0 ? size : SIZE);
    return "";
  } catch (error) {
    return `berth: the call is not in the log ${path}: ${messageOf(error)}\n`;
  }
}
