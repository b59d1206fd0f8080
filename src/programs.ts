import { load } from "#sys";
import { plugin as bridge } from "./plugins/bridge/plugin.ts";
import { plugin as hostLocal } from "./plugins/host-local/plugin.ts";
import { plugin as loopback } from "./plugins/loopback/plugin.ts";
import { plugin as tuning } from "./plugins/tuning/plugin.ts";
import { type Entry, REGISTRY } from "./registry.ts";
import type { PerformLogged } from "./skel/journal.ts";
import type * as Log from "./skel/log/logged.ts";
import type { Handlers, Plugin } from "./spec/plugin.ts";
import type * as Tool from "./tool/main.ts";

/** What this executable can be. */

type Hot = Extract<(typeof REGISTRY)[number], { start: "hot" }>["name"];

const HOT: Record<Hot, Handlers> = { bridge, "host-local": hostLocal, loopback, tuning };

export const PLUGINS: readonly Plugin[] = REGISTRY.map((entry: Entry) => ({
  ...(entry.start === "hot" ? HOT[entry.name as Hot] : cold(entry)),
  name: entry.name,
  versions: entry.versions,
}));

/** The operator's commands. */
export function tool(): typeof Tool {
  return loaded<typeof Tool>("tool");
}

/** What performs a call that is logged. */
export function log(): PerformLogged {
  return loaded<typeof Log>("log").performLogged;
}

/** A plugin that is loaded when it is called. */
function cold({ name }: Entry): Handlers {
  const plugin = () => loaded<{ plugin: Handlers }>(name).plugin;
  return {
    ADD: (call) => plugin().ADD(call),
    DEL: (call) => plugin().DEL?.(call),
    CHECK: (call) => plugin().CHECK?.(call),
    GC: (call) => plugin().GC?.(call),
    STATUS: (call) => plugin().STATUS?.(call),
    leases: (call) => plugin().leases?.(call),
    collection: (call) => plugin().collection?.(call),
    restore: (calls) => plugin().restore?.(calls),
  };
}

/** Of what the build compiles apart (scripts/build.mjs): the only load, and the only cast. */
function loaded<P extends object>(name: string): P {
  return load(name) as P;
}
