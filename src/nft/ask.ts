import { ENOENT, isErrno } from "../base/errno.ts";
import type { Writer } from "../wire/cursor.ts";
import type { Family } from "./objects.ts";
import { header, headerOf } from "./tables.ts";

/** The body of a question about a family's objects. */
export function about(family: Family, attributes: (w: Writer) => void): (w: Writer) => void {
  return (w) => {
    header.encode(w, headerOf(family));
    attributes(w);
  };
}

/** What `ask` answers, or undefined when the kernel knows no such thing. */
export function found<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (isErrno(error, ENOENT)) return undefined;
    throw error;
  }
}
