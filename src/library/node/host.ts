import { lstat, mkdir, readdir, readFile, stat, unlink, writeFile } from "node:fs/promises";
import type { AsyncHost } from "../../invoke/request.ts";
import { execPlugin } from "./exec.ts";
import type { CallOptions } from "./options.ts";

/** This machine, for the invoker: node:fs and node:child_process, which Bun has as well. */
export function machineHost(options: CallOptions): AsyncHost {
  return {
    readDirectory: ({ path }) => readdir(path),
    isDirectory: async ({ path }) => (await typeOf(path, lstat))?.isDirectory() ?? false,
    readFile: ({ path }) => readFile(path),
    find: ({ candidates }) => firstFile(candidates),
    exec: async ({ call }) => {
      const outcome = await execPlugin(call, options);
      if (outcome.ending === undefined && outcome.stderr !== "") tell(outcome.stderr, call.plugin, options);
      return outcome;
    },
    writeCache: async ({ directory, path, text }) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(path, text, { mode: 0o600 });
    },
    removeCache: ({ path }) => unlink(path),
    ...options.host,
  };
}

async function typeOf(path: string, look: typeof stat | typeof lstat) {
  return look(path).catch(() => undefined);
}

async function firstFile(candidates: readonly string[]): Promise<string | undefined> {
  for (const path of candidates) if ((await typeOf(path, stat))?.isFile()) return path;
  return undefined;
}

function tell(text: string, plugin: string, { onStderr }: CallOptions): void {
  if (onStderr) onStderr(text, plugin);
  else process.stderr.write(text);
}
