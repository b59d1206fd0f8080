/** The folders of src/ as a graph: what imports what, in which row each stands, and which arrows are enough. */

/** What each folder imports besides itself, sorted. A file that lies in src/ itself is a folder here: "main.ts". */
export type Folders = ReadonlyMap<string, readonly string[]>;

/** The folders of `files`, of which `edges` are the imports; `folderOf` names the folder of a file. */
export function foldersOf(
  files: readonly string[],
  edges: readonly { from: string; to: string }[],
  folderOf: (file: string) => string,
): Folders {
  const known = [...new Set(files.map(folderOf))].sort();
  const sets = new Map(known.map((folder) => [folder, new Set<string>()]));
  for (const { from, to } of edges) {
    const target = folderOf(to);
    if (to.startsWith("src/") && target !== folderOf(from) && sets.has(target)) sets.get(folderOf(from))?.add(target);
  }
  return new Map(known.map((folder) => [folder, [...(sets.get(folder) ?? [])].sort()]));
}

/** The imports that no other way leads to: the transitive reduction. @param folders without a circle */
export function reduced(folders: Folders): Folders {
  const reach = memo((folder: string): ReadonlySet<string> => {
    const direct = folders.get(folder) ?? [];
    return new Set(direct.flatMap((next) => [next, ...reach(next)]));
  });
  const needed = (direct: readonly string[]) =>
    direct.filter((to) => !direct.some((other) => other !== to && reach(other).has(to)));
  return new Map([...folders].map(([folder, direct]) => [folder, needed(direct)]));
}

/**
 * The row of each folder, 0 the highest: one below the lowest that imports it. A folder that nothing imports stands one
 * above the highest that it imports.
 * @param folders without a circle
 */
export function rowsOf(folders: Folders): ReadonlyMap<string, number> {
  const importers = (folder: string) => [...folders.keys()].filter((other) => folders.get(other)?.includes(folder));
  const depth = memo((folder: string): number => Math.max(-1, ...importers(folder).map(depth)) + 1);
  const row = (folder: string): number => {
    const below = folders.get(folder) ?? [];
    if (importers(folder).length > 0 || below.length === 0) return depth(folder);
    return Math.min(...below.map(depth)) - 1;
  };
  return new Map([...folders.keys()].map((folder) => [folder, row(folder)]));
}

function memo<T>(of: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const value = known.has(key) ? (known.get(key) as T) : of(key);
    known.set(key, value);
    return value;
  };
}
