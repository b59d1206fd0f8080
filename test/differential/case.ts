/** One case of the differential test: what there is beforehand, a configuration, and calls; the same for both sides. */
import type { Json } from "../support/command.ts";

export type Verb = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "VERSION";

export type PluginName =
  | "bandwidth"
  | "bridge"
  | "firewall"
  | "host-local"
  | "loopback"
  | "portmap"
  | "ptp"
  | "static"
  | "tuning";

export interface Case {
  /** Of a chain, the first one. */
  readonly plugin: PluginName;
  /** In its texts `$DIR` is the side's directory, with `$DIR/store` for leases. */
  readonly conf: Json;
  /** The configurations of a chain's plugins, in the order of ADD; absent: a plugin alone. */
  readonly list?: readonly Json[];
  /** What there is before the first call: names in acts.ts. */
  readonly before: readonly string[];
  readonly steps: readonly Step[];
}

export type Step = CallStep | ActStep;

/** Somebody else does something to the machine: a name in acts.ts, and whose container it is about. */
export interface ActStep {
  readonly act: string;
  readonly guest: Guest;
}

export type Guest = 0 | 1;

export interface CallStep {
  /** In a chain: the place of the plugin in the list. */
  readonly at?: number;
  /** In a chain: what a runtime asks for, which is several calls. After one that fails it leaves the others. */
  readonly wave?: number;
  /** Any text: unknown ones are refused. Empty: not set. */
  readonly verb: string;
  readonly guest: Guest;
  /** What CNI_NETNS names: the guest's namespace, nothing that exists, a plain file, the host's own; or it is not set. */
  readonly netns?: "own" | "missing" | "file" | "host" | "unset";
  readonly ifname?: string;
  readonly id?: string;
  readonly args?: string;
  readonly override?: string;
  /** Variables to leave out. */
  readonly without?: readonly string[];
  /** Replaces keys of the configuration; undefined removes one. */
  readonly patch?: Json;
  /** The text on stdin instead of a configuration. */
  readonly stdin?: string;
  /** The guest's result of ADD as prevResult, and how it is changed before: a name in prev-results.ts. */
  readonly prevResult?: string;
  /** Guests whose attachments are valid, for GC; null: the key with null; absent: no key. */
  readonly valid?: readonly Guest[] | null;
  /** The key that `valid` goes by. */
  readonly validKey?: string;
}

export const isAct = (step: Step): step is ActStep => "act" in step;

/** A step of a chain, as the case of the plugin alone that it calls. */
export function aloneAt(one: Case, { at }: Pick<CallStep, "at">): Case {
  const conf = at === undefined ? undefined : one.list?.[at];
  return conf ? { ...one, plugin: conf.type, conf } : one;
}

/** Whether a plugin is called, or another one of its chain is. */
export function hasPlugin({ plugin, list }: Case, name: PluginName): boolean {
  return plugin === name || (list?.some(({ type }) => type === name) ?? false);
}

export const containerId = (step: CallStep): string => step.id ?? `ct-${step.guest}`;

/** The configuration that a step is called with, `prevResult` aside, before `$DIR` is put in. */
export function configOf(one: Case, step: CallStep): Json {
  const conf = { ...one.conf, ...step.patch };
  if (step.valid !== undefined) {
    conf[step.validKey ?? "cni.dev/valid-attachments"] =
      step.valid?.map((guest) => ({ containerID: `ct-${guest}`, ifname: "eth0" })) ?? null;
  }
  return conf;
}

/** The cniVersion that a configuration has in effect: as Go reads it, in any letter case, the last one counts. */
export function versionOf(conf: Json): string {
  const given = Object.entries(conf).filter(
    ([key, value]) => key.toLowerCase() === "cniversion" && (value ?? null) !== null,
  );
  return String(given.at(-1)?.[1] || "0.1.0");
}

/** The calls, as a person would note them down. */
export function describeStep(step: Step): string {
  if (isAct(step)) return `(somebody: ${step.act}, container ${step.guest})`;
  const { verb, guest, at, wave: _, ...rest } = step;
  const which = at === undefined ? "" : `plugin ${at}: `;
  const more = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : "";
  return `${which}${verb || "(no CNI_COMMAND)"} container ${guest}${more}`;
}
