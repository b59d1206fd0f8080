import { REGISTRY } from "../../registry.ts";
import { makeDirectories } from "../../sys/directories.ts";
import { alone, KEPT, keep, putCopy, putLink } from "./place.ts";
import { isBerths, type Present, presentAt } from "./present.ts";

/** The operator's command, beside the plugins: links lead to it. */
export const TOOL = "berth";

export interface Wanted {
  readonly directory: string;
  /** What the plugins' names begin with: "" or "cnv-". */
  readonly prefix: string;
  /** The plugins as links to `berth` and not as files of their own. */
  readonly links: boolean;
  /** The executable that is installed: the one that runs. */
  readonly source: string;
}

/** What is to be done, or was, with a name of the directory. */
export interface Step {
  readonly name: string;
  readonly was: Present;
  readonly does: "nothing" | "copy" | "link" | "keep and copy" | "keep and link";
}

export const namesOf = (prefix: string): string[] => REGISTRY.map(({ name }) => `${prefix}${name}`);

/** What installing comes to. The tool is the first: links lead to it. @throws SysError; Error for a directory in the way */
export function planInstall(wanted: Wanted): Step[] {
  return [TOOL, ...namesOf(wanted.prefix)].map((name) => stepOf(name, wanted));
}

function stepOf(name: string, { directory, links }: Wanted): Step {
  const was = presentAt(`${directory}/${name}`);
  if (was.is === "directory") throw new InTheWay(`${directory}/${name} is a directory: move it away`);
  const put = links && name !== TOOL ? "link" : "copy";
  const isThere = put === "link" ? was.target === TOOL && isBerths(was) : was.is === "file" && was.whose === "this";
  if (isThere) return { name, was, does: "nothing" };
  return { name, was, does: was.is === "nothing" || isBerths(was) ? put : `keep and ${put}` };
}

/** Why nothing can be done. */
export class InTheWay extends Error {}

/** Does what it says, a name after the other; repeated after it was killed it does the rest. @throws SysError, InTheWay */
export function install(wanted: Wanted): Step[] {
  makeDirectories(wanted.directory, 0o755);
  return alone(wanted.directory, () => {
    const steps = planInstall(wanted);
    for (const { name, does } of steps) take(name, does, wanted);
    return steps;
  });
}

function take(name: string, does: Step["does"], { directory, source }: Wanted): void {
  if (does.startsWith("keep")) keep(directory, name);
  if (does.endsWith("copy")) putCopy(directory, name, source);
  if (does.endsWith("link")) putLink(directory, name, TOOL);
}

/** In words: "copied; what was there is kept in .berth-replaced". */
export function wordsOf({ name, does }: Step): string {
  if (does === "nothing") return "is there already";
  const kept = does.startsWith("keep") ? `, what was there is kept in ${KEPT}/${name}` : "";
  return `${does.endsWith("link") ? `a link to ${TOOL}` : "a copy of this berth"}${kept}`;
}
