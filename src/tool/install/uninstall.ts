import { readdir, unlink } from "#sys";
import { namesOf, TOOL } from "./install.ts";
import { alone, KEPT, keptPath, removeKept, restore } from "./place.ts";
import { isBerths, type Present, presentAt, targetOf } from "./present.ts";

/** What is to be done, or was, with a name of the directory. */
export interface UndoStep {
  readonly name: string;
  readonly was: Present;
  readonly does: "restore" | "remove" | "leave to others" | "leave to links";
  /** What comes back. */
  readonly kept: Present | undefined;
}

/** What taking berth out of a directory comes to, by name: the tool is the last. Names that nobody has are left out. @throws SysError */
export function planUninstall(directory: string, prefix: string): UndoStep[] {
  const plugins = namesOf(prefix).flatMap((name) => stepOf(directory, name) ?? []);
  const tool = stepOf(directory, TOOL);
  if (!tool) return plugins;
  const gone = new Set(plugins.filter(({ does }) => does === "remove" || does === "restore").map(({ name }) => name));
  const isUsed = readdir(directory).some((name) => !gone.has(name) && targetOf(`${directory}/${name}`) === TOOL);
  return [...plugins, isUsed && tool.does !== "leave to others" ? { ...tool, does: "leave to links" } : tool];
}

function stepOf(directory: string, name: string): UndoStep | undefined {
  const was = presentAt(`${directory}/${name}`);
  const there = presentAt(keptPath(directory, name));
  const kept = there.is === "nothing" ? undefined : there;
  if (was.is === "nothing" && !kept) return undefined;
  if (was.is !== "nothing" && !isBerths(was)) return { name, was, kept, does: "leave to others" };
  return { name, was, kept, does: kept ? "restore" : "remove" };
}

/** Does what it says; repeated after it was killed it does the rest. @throws SysError */
export function uninstall(directory: string, prefix: string): UndoStep[] {
  return alone(directory, () => {
    const steps = planUninstall(directory, prefix);
    for (const { name, does } of steps) {
      if (does === "restore") restore(directory, name);
      if (does === "remove") unlink(`${directory}/${name}`);
    }
    removeKept(directory);
    return steps;
  });
}

/** In words: "removed". */
export function undoWordsOf({ name, does, kept }: UndoStep): string {
  switch (does) {
    case "restore":
      return `${kept?.text} is back`;
    case "remove":
      return "removed: nothing was there before";
    case "leave to links":
      return "left: others are links to it";
    case "leave to others":
      return kept ? `left: it is not berth's; ${KEPT}/${name} is left too` : "left: it is not berth's";
  }
}
