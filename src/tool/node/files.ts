import { readdir } from "#sys";
import { ENOENT, ENOTDIR, isErrno } from "../../base/errno.ts";

/** The names in a directory, sorted; none where there is no such directory. Throws SysError. */
export function namesIn(directory: string): string[] {
  try {
    return readdir(directory).sort();
  } catch (error) {
    if (isErrno(error, ENOENT, ENOTDIR)) return [];
    throw error;
  }
}
