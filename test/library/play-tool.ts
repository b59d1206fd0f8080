/** Plays scenarios with the tool's driver (src/tool/invoke-driver.ts): on Bun, and in QuickJS by test/quickjs. */
import * as sys from "#sys";
import { encodeBase64 } from "../../src/base/base64.ts";
import { encodeUtf8 } from "../../src/base/utf8.ts";
import { addList } from "../../src/invoke/add.ts";
import { cachedAttachments, cachedResult } from "../../src/invoke/cache.ts";
import { checkList } from "../../src/invoke/check.ts";
import { delList } from "../../src/invoke/del.ts";
import { drive } from "../../src/invoke/drive.ts";
import { gcList } from "../../src/invoke/gc.ts";
import { listOfText, type NetworkList } from "../../src/invoke/list.ts";
import { loadFile, loadNamed } from "../../src/invoke/load.ts";
import type { Steps } from "../../src/invoke/request.ts";
import { statusOfList } from "../../src/invoke/status.ts";
import { validateList } from "../../src/invoke/validate.ts";
import { CniError } from "../../src/spec/errors.ts";
import { S_IFMT, S_IFREG } from "../../src/sys/flags.ts";
import { systemHost } from "../../src/tool/invoke-driver.ts";
import type { Json } from "../support/command.ts";

/** What libcni/main.go prints of a scenario, as a line. */
export function played(file: string): string {
  const { path, cache, trace, steps } = JSON.parse(sys.readFile(file, 1 << 24));
  const setting = { path, cacheDirectory: cache, variables: traced(trace) };
  const state: State = { list: undefined };
  const lines = steps.map((step: Json) => ({ ...attempt(step, state, setting), cache: contents(`${cache}/results`) }));
  return JSON.stringify(lines);
}

interface State {
  list: NetworkList | undefined;
}

type Setting = { path: string[]; cacheDirectory: string; variables: [string, string][] };

function traced(trace: Json): [string, string][] {
  if (!trace) return [];
  return [
    ["TRACEPARENT", `00-${trace.traceId}-${trace.spanId}-01`],
    ["TRACESTATE", trace.state],
    ["BAGGAGE", trace.baggage],
  ];
}

function attempt(step: Json, state: State, setting: Setting): object {
  try {
    return { ok: drive(stepsOf(step, state, setting), systemHost({ warn: () => {} })) ?? null };
  } catch (error) {
    return { error: error instanceof CniError ? error.text : String(error) };
  }
}

function contents(directory: string): object {
  try {
    const names = sys.readdir(directory).sort();
    return Object.fromEntries(
      names.flatMap((name) => {
        const path = `${directory}/${name}`;
        const isFile = (sys.lstat(path).mode & S_IFMT) === S_IFREG;
        return isFile ? [[name, encodeBase64(encodeUtf8(sys.readFile(path)))]] : [];
      }),
    );
  } catch {
    return {};
  }
}

function* stepsOf(step: Json, state: State, setting: Setting): Steps<unknown> {
  const { attachment } = step;
  if (step.do === "load") return yield* load(step, state);
  if (step.do === "write") return yield* write(step, setting);
  if (step.do === "attachments") {
    return (yield* cachedAttachments(setting, { containerId: step.containerId })).map(described);
  }
  const { list } = state;
  if (list === undefined) return "no list";
  if (step.do === "add") return yield* addList(list, attachment, setting);
  if (step.do === "check") return yield* checkList(list, attachment, setting);
  if (step.do === "del") return yield* delList(list, attachment, setting);
  if (step.do === "cached") return yield* cachedResult(list, attachment, setting);
  if (step.do === "gc") return yield* gcList(list, step.valid, setting);
  if (step.do === "status") return yield* statusOfList(list, setting);
  return yield* validateList(list, setting);
}

function* load({ text, file, directory, name }: Json, state: State): Steps<object> {
  if (text !== undefined) state.list = listOfText(text);
  else state.list = yield* file !== undefined ? loadFile(file) : loadNamed(directory, name);
  const { plugins, bytes, loadOnlyInlinedPlugins: _, ...rest } = state.list;
  return { ...rest, plugins: plugins.map(({ type }) => type), bytes: encodeBase64(bytes) };
}

function* write({ file, text }: Json, { cacheDirectory }: Setting): Steps<void> {
  const directory = `${cacheDirectory}/results`;
  yield { do: "writeCache", directory, path: `${directory}/${file}`, text };
}

function described({ containerId, network, ifname, netns, config, ...rest }: Json): object {
  const { args = null, capabilityArgs = null } = rest;
  return { containerId, network, ifname, netns, config: encodeBase64(config), args, capabilityArgs };
}

if (import.meta.main) {
  for (const file of process.argv.slice(2)) console.log(played(file));
}
