import { deferSignals } from "#sys";
import { messageOf } from "../../base/errno.ts";
import { Undo } from "../../base/undo.ts";
import { type Host, machine } from "../../host/host.ts";
import { delegate } from "../../invoke/delegate.ts";
import type { AddOutcome, Call, Plugin } from "../../spec/plugin.ts";
import { VERSIONS } from "../../spec/versions.ts";
import { applyAdd } from "./add.ts";
import { applyCheck } from "./check.ts";
import { applyDel } from "./del.ts";
import { applyGc } from "./gc.ts";
import { planBridge } from "./plan.ts";
import { readNetConf } from "../../spec/config.ts";

/** The bridge plugin on a host: a veth pair whose outer end is a port of a Linux bridge. */
export function bridgeOn(host: () => Host): Plugin {
  return {
    name: "bridge",
    versions: VERSIONS,
    ADD: (call) => add(call, host()),
    DEL: (call) => applyDel(call, host()),
    CHECK: (call) => applyCheck(call, host()),
    GC: (call) => applyGc(call, host()),
    STATUS: (call) => {
      const { ipamType } = readNetConf(call.config);
      if (ipamType !== undefined) delegate(ipamType, "STATUS", call);
    },
  };
}

export const bridge: Plugin = bridgeOn(machine);

function add(call: Call, host: Host): AddOutcome {
  const plan = planBridge(call);
  const undo = new Undo();
  const rollback = () => {
    for (const failure of deferSignals(() => undo.rollback())) call.warn(`could not take back: ${messageOf(failure)}`);
  };
  try {
    return { result: applyAdd(plan, call, host, undo), rollback };
  } catch (error) {
    rollback();
    throw error;
  }
}
