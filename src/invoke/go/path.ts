/** Paths as Go's path/filepath makes them, because libcni's messages and cache files have them. */

/** The shortest path that means the same: no empty parts, no ".", ".." resolved; "." for nothing. */
export function clean(path: string): string {
  const rooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!rooted) parts.push("..");
  }
  const text = parts.join("/");
  return rooted ? `/${text}` : text || ".";
}

/** The parts as one path, cleaned; empty ones are left out, and of nothing else comes "". */
export function join(...parts: readonly string[]): string {
  const some = parts.filter((part) => part !== "");
  return some.length === 0 ? "" : clean(some.join("/"));
}

/** The directory that the file of `path` is in; "." where it names none. */
export function directoryOf(path: string): string {
  return clean(path.slice(0, path.lastIndexOf("/") + 1));
}

/** From the last dot of the last part: ".conf"; "" without one. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 || name.includes("/", dot) ? "" : name.slice(dot);
}
