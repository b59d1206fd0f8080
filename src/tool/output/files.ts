import { writeFile } from "#sys";
import { makeDirectories } from "../../sys/directories.ts";
import { O } from "../../sys/flags.ts";

/** Writes texts into files of a directory, which is made; what they had is gone. Returns their paths. @throws SysError */
export function writeFiles(directory: string, texts: readonly (readonly [name: string, text: string])[]): string[] {
  makeDirectories(directory, 0o755);
  return texts.map(([name, text]) => {
    const path = `${directory}/${name}`;
    writeFile(path, text, O.CREAT | O.TRUNC, 0o644);
    return path;
  });
}
