/** An interface in a request: its index and, for the words of an error, its name. The index alone where nobody knows that. */
export type Dev = number | { readonly index: number; readonly name: string };

export function indexOf(dev: Dev): number {
  return typeof dev === "number" ? dev : dev.index;
}

/** What `ip` would be told. */
export function wordFor(dev: Dev): string {
  return typeof dev === "number" ? String(dev) : dev.name;
}
