// Plays scenarios (scenario.ts) with the library as it is built, on Node and on Bun.
//
//   node play-library.mjs LIBRARY SCENARIO...
//
// Prints what libcni/main.go prints.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const [library, ...files] = process.argv.slice(2);
const cni = await import(pathToFileURL(library).href);

for (const file of files) {
  const { path, cache, trace, steps } = JSON.parse(readFileSync(file, "utf8"));
  const options = { path, cacheDirectory: cache, trace: traced(trace), rollback: false };
  const lines = [];
  const state = { list: undefined };
  for (const step of steps) {
    const outcome = await play(step, state, options).then(
      (ok) => ({ ok: ok ?? null }),
      (error) => ({ error: error.text ?? String(error.stack) }),
    );
    lines.push({ ...outcome, cache: contents(join(cache, "results")) });
  }
  console.log(JSON.stringify(lines));
}

function traced(trace) {
  if (!trace) return undefined;
  return { traceparent: `00-${trace.traceId}-${trace.spanId}-01`, tracestate: trace.state, baggage: trace.baggage };
}

function contents(directory) {
  try {
    const files = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
    const names = files.map(({ name }) => name).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), "base64")]));
  } catch {
    return {};
  }
}

async function play(step, state, options) {
  const { attachment } = step;
  if (step.do === "load") return load(step, state);
  if (step.do === "write") return write(join(options.cacheDirectory, "results", step.file), step.text);
  if (step.do === "attachments") return (await cni.getCachedAttachments(step.containerId, options)).map(described);
  if (!state.list) return "no list";
  if (step.do === "add") return cni.addNetworkList(state.list, attachment, options);
  if (step.do === "check") return cni.checkNetworkList(state.list, attachment, options);
  if (step.do === "del") return cni.delNetworkList(state.list, attachment, options);
  if (step.do === "cached") return cni.getCachedResult(state.list, attachment, options);
  if (step.do === "gc") return cni.gcNetworkList(state.list, step.valid, options);
  if (step.do === "status") return cni.getStatus(state.list, options);
  if (step.do === "validate") return cni.validateNetworkList(state.list, options);
  throw new Error(`there is no step ${step.do}`);
}

async function load(step, state) {
  const { text, file, directory, name } = step;
  const source = text !== undefined ? { text } : file !== undefined ? { file } : { directory, name };
  state.list = await cni.loadNetworkList(source);
  const { plugins, bytes, cniVersion, disableCheck, disableGC } = state.list;
  return {
    name: state.list.name,
    cniVersion,
    disableCheck,
    disableGC,
    plugins: plugins.map(({ type }) => type),
    bytes: Buffer.from(bytes).toString("base64"),
  };
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}

function described({ containerId, network, ifname, netns, config, args = null, capabilityArgs = null }) {
  return { containerId, network, ifname, netns, config: Buffer.from(config).toString("base64"), args, capabilityArgs };
}
