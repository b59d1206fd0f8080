import { stat } from "#sys";
import { attempt } from "../base/attempt.ts";
import { S_IFMT, S_IFREG } from "./flags.ts";

/** The path of the first of these programs that is in one of the directories; undefined where there is none. */
export function findProgram(names: readonly string[], directories: readonly string[]): string | undefined {
  return names.flatMap((name) => directories.map((directory) => `${directory}/${name}`)).find(isFile);
}

/** The directories of a PATH. */
export function directoriesOf(path: string | undefined): string[] {
  return path?.split(":").filter(Boolean) ?? [];
}

function isFile(path: string): boolean {
  return attempt(() => (stat(path).mode & S_IFMT) === S_IFREG) ?? false;
}
