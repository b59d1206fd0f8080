import { writeAttr } from "../wire/attrs.ts";
import { cstr } from "../wire/coder.ts";
import type { Writer } from "../wire/cursor.ts";
import { IFLA_IFNAME, writeLinkHeader } from "./tables.ts";

/** An interface in a request: its index and, for the words of an error, its name. The index alone where nobody knows that. */
export type Dev = number | { readonly index: number; readonly name: string };

/** The same, or one whose index nobody knows by its name. */
export type LinkRef = string | Dev;

export function indexOf(dev: Dev): number {
  return typeof dev === "number" ? dev : dev.index;
}

/** What `ip` would be told: an interface whose name nobody knows is "if" and its index. */
export function wordFor(link: LinkRef): string {
  if (typeof link === "number") return `if${link}`;
  return typeof link === "object" ? link.name : link;
}

/** What a request about one interface begins with: its header, and IFLA_IFNAME where that names it. `change`: which IFF_*. */
export function writeLink(w: Writer, link: LinkRef, flags = 0, change = 0): void {
  const named = typeof link === "string";
  writeLinkHeader(w, named ? 0 : indexOf(link), flags, change);
  if (named) writeAttr(w, IFLA_IFNAME, cstr, link);
}
