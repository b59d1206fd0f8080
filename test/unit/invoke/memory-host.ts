/** A host of the invoker (src/invoke/request.ts) that is memory: files, and plugins that are functions. */
import { ENOENT } from "../../../src/base/errno.ts";
import { decodeUtf8, encodeUtf8 } from "../../../src/base/utf8.ts";
import { drive } from "../../../src/invoke/drive.ts";
import { listOfText, type NetworkList } from "../../../src/invoke/list.ts";
import type { Host, PluginCall, PluginOutcome, Steps } from "../../../src/invoke/request.ts";

export type FakePlugin = (call: PluginCall) => Partial<PluginOutcome>;

export interface MemoryHost extends Host {
  /** By path. */
  readonly files: Map<string, string>;
  /** What plugins were asked, in order: `VERB type`. */
  readonly calls: string[];
  readonly requests: PluginCall[];
}

/** `plugins` are in /bin, by type. */
export function memoryHost(files: Record<string, string> = {}, plugins: Record<string, FakePlugin> = {}): MemoryHost {
  const all = new Map(Object.entries(files));
  const requests: PluginCall[] = [];
  const calls: string[] = [];
  const read = (path: string): string => all.get(path) ?? absent(path);
  return {
    files: all,
    calls,
    requests,
    readDirectory: ({ path }) => {
      const names = [...all.keys()].filter((file) => file.startsWith(`${path}/`));
      return names.length === 0
        ? absent(path)
        : [...new Set(names.map((n) => n.slice(path.length + 1).split("/")[0] ?? ""))];
    },
    isDirectory: ({ path }) => [...all.keys()].some((file) => file.startsWith(`${path}/`)),
    readFile: ({ path }) => encodeUtf8(read(path)),
    find: ({ candidates }) => candidates.find((path) => path.replace("/bin/", "") in plugins),
    exec: ({ call }) => {
      calls.push(`${call.verb} ${call.plugin}`);
      requests.push(call);
      return { stdout: "", stderr: "", ...plugins[call.plugin]?.(call) };
    },
    writeCache: ({ path, text }) => void all.set(path, text),
    removeCache: ({ path }) => {
      if (!all.delete(path)) absent(path);
    },
  };
}

function absent(path: string): never {
  throw Object.assign(new Error(`open ${path}: gone`), { errno: ENOENT, code: "ENOENT" });
}

export const SETTING = { path: ["/bin"], cacheDirectory: "/cache" };

export const ATTACHMENT = { containerId: "c1", netns: "/run/netns/c1", ifname: "eth0" };

/** What is thrown, as text and code; undefined where nothing is. */
export function failureOf(steps: Steps<unknown>, host: Host): { text: string; code: number } | undefined {
  try {
    drive(steps, host);
  } catch (error) {
    const { text, code } = error as { text: string; code: number };
    return { text, code };
  }
  return undefined;
}

/** The bytes as text. */
export const utf8 = decodeUtf8;

export const RESULT = '{"cniVersion":"1.1.0","ips":[{"address":"10.1.2.3/24"}]}';
export const FULL = '{"code":11,"msg":"full","details":"no address left"}';

export const says =
  (stdout: string): FakePlugin =>
  () => ({ stdout });

export const fails =
  (stdout: string): FakePlugin =>
  () => ({ stdout, ending: "exit status 1" });

/** The plugins of listOf(). */
export const both = (a: FakePlugin, b: FakePlugin) => ({ a, b });

/** A list of two plugins; `rest` are more of its members. */
export function listOf(rest = "", version = "1.1.0"): NetworkList {
  return listOfText(
    `{"cniVersion":"${version}","name":"n",${rest}"plugins":[{"type":"a","z":1,"capabilities":{"mac":true}},{"type":"b"}]}`,
  );
}
