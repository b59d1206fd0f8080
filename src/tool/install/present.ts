import { lstat, readlink } from "#sys";
import { ENOENT, isErrno } from "../../base/errno.ts";
import { S_IFDIR, S_IFLNK, S_IFMT } from "../../sys/flags.ts";
import { type Program, programAt } from "./program.ts";

/** What is at a path: whose, and whether it is a file of its own or a link, and to what. */
export interface Present extends Program {
  readonly is: "nothing" | "file" | "link" | "directory";
  /** Of a link. */
  readonly target: string | undefined;
}

/** @throws SysError */
export function presentAt(path: string): Present {
  const type = typeAt(path);
  if (type === undefined) return { is: "nothing", whose: "none", text: "-", target: undefined };
  if (type === S_IFDIR) return { is: "directory", whose: "none", text: "a directory", target: undefined };
  const target = targetOf(path);
  return { is: target === undefined ? "file" : "link", target, ...programAt(path) };
}

/** Where a symbolic link leads to; undefined for what is none. @throws SysError */
export function targetOf(path: string): string | undefined {
  return typeAt(path) === S_IFLNK ? readlink(path) : undefined;
}

function typeAt(path: string): number | undefined {
  try {
    return lstat(path).mode & S_IFMT;
  } catch (error) {
    if (isErrno(error, ENOENT)) return undefined;
    throw error;
  }
}

/** Whether berth put it there, this build or another. */
export const isBerths = ({ whose }: Program): boolean => whose === "this" || whose === "berth";
