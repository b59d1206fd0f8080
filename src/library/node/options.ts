import { CACHE_DIRECTORY, type Setting } from "../../invoke/attachment.ts";
import type { AsyncHost } from "../../invoke/request.ts";

/** Where a caller's trace goes on in the plugins (W3C Trace Context and Baggage): TRACEPARENT, TRACESTATE, BAGGAGE. */
export interface Trace {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

/** How plugins are called; all may be left out. */
export interface CallOptions {
  /** The directories that are searched for plugins, in order. Default: $CNI_PATH, else /opt/cni/bin. */
  readonly path?: readonly string[] | undefined;
  /** Where results are kept between the verbs; runtimes that mean the same attachments name the same. Default: /var/lib/cni. */
  readonly cacheDirectory?: string | undefined;
  /** Kills the plugin that runs and calls no other, but those that take an ADD back. The error's `cause` is its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that each plugin may take before it is killed. Default: as long as it wants. */
  readonly timeout?: number | undefined;
  readonly trace?: Trace | undefined;
  /** Environment of the plugins over this process's own. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Told what plugins that succeed print on stderr. Default: it goes to this process's stderr. */
  readonly onStderr?: ((text: string, plugin: string) => void) | undefined;
  /** What is done in another way: `exec` to run plugins elsewhere, `find`, and how files are read and written. */
  readonly host?: Partial<AsyncHost> | undefined;
}

/** What the invoker is told of them. @throws TypeError naming the option that is wrong */
export function settingOf({ path, cacheDirectory = CACHE_DIRECTORY, trace = {} }: CallOptions): Setting {
  if (path !== undefined && !(Array.isArray(path) && path.every((directory) => typeof directory === "string"))) {
    throw new TypeError(`options.path is ${shown(path)}, expected a list of directories: ["/opt/cni/bin"]`);
  }
  assertText(cacheDirectory, "options.cacheDirectory");
  const { traceparent, tracestate, baggage } = trace;
  const variables = Object.entries({ TRACEPARENT: traceparent, TRACESTATE: tracestate, BAGGAGE: baggage }).flatMap(
    ([name, value]) => (value === undefined || value === "" ? [] : [[name, value] as const]),
  );
  return { path: path ?? pathOf(process.env.CNI_PATH), cacheDirectory, variables };
}

function pathOf(variable = ""): string[] {
  return variable === "" ? ["/opt/cni/bin"] : variable.split(":");
}

/** @throws TypeError naming the argument and what it is */
export function assertText(value: unknown, name: string): asserts value is string {
  if (typeof value !== "string") throw new TypeError(`${name} is ${shown(value)}, expected a string`);
}

export function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
