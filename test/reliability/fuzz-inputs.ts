/** Calls of a plugin that no runtime would make. */
import type { Random } from "./fuzz-random.ts";
import { KEYS, NO_VERBS, NUMBERS, TEXTS, VERBS, VERSIONS } from "./fuzz-values.ts";

export interface Input {
  readonly plugin: "host-local" | "bridge";
  readonly env: Record<string, string>;
  readonly stdin: string;
}

/** Where the fuzzed plugins may write. */
export const ROOT = "/tmp/fuzz";
export const DATA_DIR = `${ROOT}/data/networks`;
export const INDEX_DIR = `${ROOT}/index`;
/** What a resolv.conf of the configuration names. */
export const RESOLV_CONF = `${ROOT}/resolv.conf`;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export function makeInput(r: Random): Input {
  const plugin = r.pick(["host-local", "host-local", "host-local", "bridge"] as const);
  const verb = r.pick(r.chance(0.05) ? NO_VERBS : VERBS);
  return { plugin, env: environment(r, verb), stdin: confined(mutated(r, configuration(r, plugin))) };
}

function configuration(r: Random, plugin: string): Json {
  const ranges = [[{ subnet: r.pick(["10.1.2.0/29", "10.1.2.0/24", "fd00::/64"]) }]];
  return {
    cniVersion: r.pick(VERSIONS),
    name: r.pick(["net", "net", "net", "other"]),
    type: plugin,
    ...(plugin === "bridge" && { bridge: "fuzz0", isGateway: r.chance(0.5), ipMasq: r.chance(0.3) }),
    ipam: {
      type: "host-local",
      dataDir: DATA_DIR,
      ranges,
      routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.1" }],
      ...(r.chance(0.3) && { resolvConf: RESOLV_CONF }),
    },
    ...(r.chance(0.2) && { args: { cni: { ips: ["10.1.2.5"] } } }),
    ...(r.chance(0.2) && { runtimeConfig: { ips: ["10.1.2.4/24"], mac: "02:00:00:00:00:01" } }),
    ...(r.chance(0.3) && { "cni.dev/valid-attachments": [{ containerID: "c1", ifname: "eth0" }] }),
    ...(r.chance(0.3) && { prevResult: { cniVersion: "1.0.0", interfaces: [], ips: [{ address: "10.1.2.3/24" }] } }),
    berth: { indexDir: INDEX_DIR, lockTimeout: 1 },
  };
}

function value(r: Random, depth = 0): Json {
  const kind = r.int(depth > 3 ? 4 : 6);
  if (kind === 0) return r.pick([null, true, false]);
  if (kind === 1) return r.pick(NUMBERS);
  if (kind < 4) return r.pick(TEXTS);
  const length = r.int(4);
  if (kind === 4) return Array.from({ length }, () => value(r, depth + 1));
  return JSON.parse(
    `{${Array.from({ length }, () => `${JSON.stringify(r.pick(KEYS))}:${JSON.stringify(value(r, depth + 1))}`).join()}}`,
  );
}

/** Replaces, removes and adds members, then perhaps damages the text. */
function mutated(r: Random, json: Json): string {
  for (let n = r.int(4); n > 0; n--) change(r, json);
  let text = JSON.stringify(json);
  if (r.chance(0.1))
    text = text.replace("{", `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},`);
  if (!r.chance(0.15)) return text;
  const at = r.int(text.length);
  const kind = r.int(6);
  if (kind === 0) return text.slice(0, at);
  if (kind === 1) return `${text.slice(0, at)}${r.pick(TEXTS)}${text.slice(at)}`;
  if (kind === 2) return `${text.slice(0, at)}${String.fromCharCode(r.int(256))}${text.slice(at + 1)}`;
  if (kind === 3) return `${"[".repeat(r.pick([10, 1000, 100_000]))}${text}`;
  if (kind === 4) return `\ufeff${text}`;
  return `${text}${r.pick(["", " ", "{}", "\0", text])}`;
}

function change(r: Random, json: Json): void {
  let at: Json = json;
  for (;;) {
    if (at === null || typeof at !== "object") return;
    const keys: string[] = Object.keys(at);
    const key = keys.length === 0 || r.chance(0.2) ? r.pick(KEYS) : r.pick(keys);
    const record = at as { [key: string]: Json };
    const inner = Object.hasOwn(record, key) ? record[key] : undefined;
    if (typeof inner === "object" && inner !== null && r.chance(0.6)) {
      at = inner;
      continue;
    }
    if (r.chance(0.2)) delete record[key];
    else Object.defineProperty(record, key, { value: value(r), enumerable: true, configurable: true, writable: true });
    return;
  }
}

/** A configuration may name any directory as its own; these must be the fuzzer's, so that other writes stand out. */
function confined(text: string): string {
  let json: Json;
  try {
    json = JSON.parse(text);
  } catch {
    return text;
  }
  const outside = strayPaths(json);
  return outside ? JSON.stringify({ cniVersion: "1.1.0", name: "net" }) : text;
}

function strayPaths(json: Json): boolean {
  if (json === null || typeof json !== "object") return false;
  return Object.entries(json).some(([key, inner]) => {
    const names = /^(datadir|indexdir)$/i.test(key);
    return names
      ? typeof inner === "string" && inner !== "" && inner !== DATA_DIR && inner !== INDEX_DIR
      : strayPaths(inner);
  });
}

function environment(r: Random, verb: string): Record<string, string> {
  const id = r.pick(["c1", "c2", "c3", "c4", "c5", "c6"]);
  const env: Record<string, string> = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: r.chance(0.9) ? id : r.pick(TEXTS),
    CNI_IFNAME: r.chance(0.9) ? "eth0" : r.pick(TEXTS),
    CNI_NETNS: r.chance(0.8)
      ? "/run/netns/not-there"
      : r.pick([...TEXTS, "/proc/self/ns/net", "/", "/dev/zero", `${ROOT}/fifo`]),
    CNI_PATH: r.chance(0.9) ? `${ROOT}/bin` : r.pick([...TEXTS, `:${ROOT}/bin:`, `/nowhere:${ROOT}/bin`]),
    CNI_ARGS: r.chance(0.7) ? "" : Array.from({ length: r.int(4) }, () => argument(r)).join(";"),
  };
  if (r.chance(0.1)) delete env[r.pick(Object.keys(env))];
  if (r.chance(0.02)) env.CNI_NETNS_OVERRIDE = r.pick(["1", "true", "x"]);
  for (const [name, text] of Object.entries(env)) env[name] = text.replaceAll("\0", "");
  return env;
}

function argument(r: Random): string {
  const key = r.pick(["IgnoreUnknown", "IP", "K8S_POD_NAME", "K8S_POD_NAMESPACE", "MAC", "__proto__", "", "FOO"]);
  return r.pick([`${key}=${r.pick(TEXTS)}`, `${key}=1`, key, "=", `${key}=10.1.2.6`]);
}
