import { mkdir } from "#sys";
import { EEXIST, ENOENT, isErrno } from "../base/errno.ts";

/** mkdir -p; others may do the same meanwhile. @throws SysError */
export function makeDirectories(path: string, mode: number): void {
  try {
    mkdir(path, mode);
  } catch (error) {
    if (isErrno(error, EEXIST)) return;
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!isErrno(error, ENOENT) || parent === "") throw error;
    makeDirectories(parent, mode);
    makeDirectory(path, mode);
  }
}

/** mkdir, unless it is there. @throws SysError */
function makeDirectory(path: string, mode: number): void {
  try {
    mkdir(path, mode);
  } catch (error) {
    if (!isErrno(error, EEXIST)) throw error;
  }
}
