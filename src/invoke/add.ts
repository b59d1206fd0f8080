import { CniError } from "../spec/errors.ts";
import { atLeast } from "../spec/versions.ts";
import { type Attachment, assertNames, type Setting } from "./attachment.ts";
import { writeCache } from "./cache.ts";
import { execPlugin, findPlugin, resultOfOutput, variablesOf } from "./call.ts";
import { PluginFailure, within } from "./failure.ts";
import { quoteGo } from "./go/quote.ts";
import type { NetworkList } from "./list.ts";
import type { PluginConfig } from "./plugin-config.ts";
import type { Steps } from "./request.ts";
import type { NetworkResult } from "./result.ts";
import { requestFor } from "./stdin.ts";

export interface AddOptions {
  /**
   * Whether an ADD that fails is taken back: DEL of the plugins that were called, the last first, each with the result that
   * there was before the failure. libcni does not do that: its callers are to call DEL. Absent: as libcni.
   */
  readonly rollback?: boolean | undefined;
}

/**
 * Calls the list's plugins with ADD, in order, each with the result of the one before; then caches the last one's result
 * and gives it. undefined for a list without plugins.
 * @throws PluginFailure of the first that fails, with its code and details; nothing is cached then
 * @throws CniError 5 when the result cannot be cached; what the plugins did stays, but with `rollback`
 */
export function* addList(
  list: NetworkList,
  attachment: Attachment,
  setting: Setting,
  { rollback = false }: AddOptions = {},
): Steps<NetworkResult | undefined> {
  const called: PluginConfig[] = [];
  let result: NetworkResult | undefined;
  try {
    for (const plugin of list.plugins) {
      called.push(plugin);
      result = yield* addPlugin(list, plugin, attachment, setting, result);
    }
    yield* cache(list, attachment, setting, result);
    return result;
  } catch (error) {
    if (rollback) throw yield* takenBack(list, called, attachment, setting, result, error);
    throw error;
  }
}

function* addPlugin(
  list: NetworkList,
  plugin: PluginConfig,
  attachment: Attachment,
  setting: Setting,
  previous: NetworkResult | undefined,
): Steps<NetworkResult> {
  try {
    const path = yield* findPlugin(plugin.type, setting.path);
    assertNames(list.name, attachment);
    const stdin = requestFor(list, plugin, attachment, previous);
    const variables = variablesOf("ADD", attachment, setting);
    const stdout = yield* execPlugin({ path, plugin: plugin.type, verb: "ADD", variables, stdin });
    return resultOfOutput(stdout, stdin);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new PluginFailure(plugin.type, "ADD", `plugin ${described(plugin)} failed (add): `, error);
  }
}

function* cache(
  list: NetworkList,
  attachment: Attachment,
  setting: Setting,
  result: NetworkResult | undefined,
): Steps<void> {
  try {
    yield* writeCache(list, attachment, setting, result);
  } catch (error) {
    throw within(`failed to set network ${quoteGo(list.name)} cached result: `, error);
  }
}

/** What messages call a plugin. */
export function described({ type, name }: PluginConfig): string {
  return `type=${quoteGo(type)}${name === "" ? "" : ` name=${quoteGo(name)}`}`;
}

/** Undoes an ADD that failed with `error`; gives that error, and in its details what could not be undone. */
function* takenBack(
  list: NetworkList,
  called: readonly PluginConfig[],
  attachment: Attachment,
  setting: Setting,
  previous: NetworkResult | undefined,
  error: unknown,
): Steps<unknown> {
  const result = knowsPrevious(list) ? previous : undefined;
  const left: string[] = [];
  for (const plugin of called.toReversed()) {
    try {
      const path = yield* findPlugin(plugin.type, setting.path);
      const stdin = requestFor(list, plugin, attachment, result);
      const variables = variablesOf("DEL", attachment, setting);
      yield* execPlugin({ path, plugin: plugin.type, verb: "DEL", variables, stdin, undoes: true });
    } catch (failure) {
      if (!(failure instanceof CniError)) throw failure;
      left.push(`taking back what ${quoteGo(plugin.type)} did failed: ${failure.text}`);
    }
  }
  return left.length === 0 ? error : withDetails(error, left);
}

function withDetails(error: unknown, left: readonly string[]): unknown {
  if (!(error instanceof CniError)) return error;
  const details = [error.details, ...left].filter((line) => line !== "").join("; ");
  const whole = new CniError(error.code, error.message, details, error);
  return error instanceof PluginFailure ? new PluginFailure(error.plugin, error.verb, "", whole) : whole;
}

/** Whether DEL is told the result (since 0.4.0). */
function knowsPrevious({ cniVersion }: NetworkList): boolean {
  return atLeast(cniVersion, "0.4.0");
}
