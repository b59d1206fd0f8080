import * as sys from "#sys";
import { attempt } from "../../../base/attempt.ts";
import { REGISTRY } from "../../../registry.ts";
import { O, S_IFDIR, S_IFMT, S_IFREG } from "../../../sys/flags.ts";
import { nameOfType } from "../../schemas.ts";
import type { Directory, Executable } from "../facts.ts";
import { kindOf } from "./elf.ts";

/** Where plugins are on most nodes. */
const USUAL = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];

export function directoriesOf(path: readonly string[]): Directory[] {
  return path.map((directory) => ({ path: directory, isThere: isDirectory(directory) }));
}

function isDirectory(path: string): boolean {
  const found = attempt(() => sys.stat(path));
  return found !== undefined && (found.mode & S_IFMT) === S_IFDIR;
}

/** The executables of types, each once, as a runtime would find them in `path`. */
export function executablesOf(types: readonly string[], path: readonly string[]): Executable[] {
  return [...new Set(types)].map((type) => executableOf(type, path));
}

function executableOf(type: string, directories: readonly string[]): Executable {
  const path = fileIn(directories, type);
  const none = { type, path, elsewhere: undefined, canRun: false, kind: undefined, fits: false, isOurs: false };
  if (path === undefined) return { ...none, elsewhere: fileIn(USUAL, type), about: undefined, versions: undefined };
  const canRun = ((attempt(() => sys.stat(path))?.mode ?? 0) & 0o111) !== 0;
  const kind = kindOf(beginning(path));
  const fits = kind === "a script" || (kind !== undefined && kind === kindOf(beginning("/proc/self/exe")));
  const isOurs = fits && sys.isThisProgram(path);
  const said = canRun && fits ? saidBy(type, path, isOurs) : { about: undefined, versions: undefined };
  return { ...none, canRun, kind, fits, isOurs, ...said };
}

function fileIn(directories: readonly string[], type: string): string | undefined {
  return directories
    .map((directory) => `${directory.replace(/\/+$/, "")}/${type}`)
    .find((path) => {
      const found = attempt(() => sys.stat(path));
      return found !== undefined && (found.mode & S_IFMT) === S_IFREG;
    });
}

const HEADER = 64;

function beginning(path: string): Uint8Array {
  return (
    attempt(() => {
      const fd = sys.open(path, O.RDONLY | O.NONBLOCK);
      try {
        return sys.read(fd, HEADER);
      } finally {
        sys.close(fd);
      }
    }) ?? new Uint8Array(0)
  );
}

/** How long a plugin may take to say who it is, in milliseconds. */
const PATIENCE = 2000;

/** This program need not be asked. */
function saidBy(type: string, path: string, isOurs: boolean): Pick<Executable, "about" | "versions"> {
  const own = isOurs ? REGISTRY.find(({ name }) => name === nameOfType(type)) : undefined;
  if (own) return { about: "berth", versions: own.versions };
  const ask = (env: [string, string][]) =>
    attempt(() => sys.run(path, { env, stdin: VERSION_REQUEST, timeout: PATIENCE }));
  const about = ask([])?.stderr.split("\n", 1)[0]?.trim();
  return { about: about || undefined, versions: versionsIn(ask([["CNI_COMMAND", "VERSION"]])?.stdout ?? "") };
}

const VERSION_REQUEST = '{"cniVersion":"1.0.0"}';

function versionsIn(stdout: string): string[] | undefined {
  try {
    const { supportedVersions } = JSON.parse(stdout) as { supportedVersions?: unknown };
    return Array.isArray(supportedVersions) ? supportedVersions.map(String) : undefined;
  } catch {
    return undefined;
  }
}
