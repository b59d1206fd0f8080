import { messageOf } from "../../base/errno.ts";
import type { ObjectRecord } from "../store/records.ts";
import { type Applying, fileOf, type Item, itemsOf, nameOf } from "./applied-items.ts";

/**
 * Objects that are applied, and deleted, by way of berthd: each is a file of its own in the source's directory, so that this stays the
 * one truth. An object that another file has is not touched.
 */

/** The directory that the files are in. */
export interface Shelf {
  readonly path: string;
  /** Undefined: there is no such file. @throws Error */
  read(name: string): string | undefined;
  /** Each by rename, one after the other; none where one cannot be written. @throws Error */
  write(files: readonly (readonly [name: string, text: string])[]): void;
  /** @throws Error */
  remove(names: readonly string[]): void;
}

/** Which file an object counts of. */
export interface Owners {
  fileOf(kind: ObjectRecord["kind"], key: string): string | undefined;
}

export type Result = "created" | "configured" | "unchanged" | "deleted";

export interface Done {
  readonly status: 200;
  readonly results: readonly { readonly object: string; readonly file: string; readonly result: Result }[];
  /** What was left as it is, and why, and what a service lacks; a line each. */
  readonly left: readonly string[];
}

export interface Refused {
  readonly status: 404 | 409 | 422 | 500;
  readonly problems: readonly string[];
}

const NOTHING = "nothing was changed";

/** Checks all objects of a text as the source does, then writes those that differ. */
export function applyText(
  shelf: Shelf,
  owners: Owners,
  text: string,
  applying: Applying,
  isDryRun: boolean,
): Done | Refused {
  const [items, problems, left] = itemsOf(text, applying);
  if (problems.length > 0) return { status: 422, problems };
  const taken = items.flatMap((item) => takenBy(item, shelf, owners));
  if (taken.length > 0) return { status: 409, problems: taken };
  return attempted(() => {
    const results = items.map((item) => ({ object: nameOf(item), file: item.file, result: resultOf(item, shelf) }));
    const changed = items.filter((_, i) => results[i]?.result !== "unchanged");
    // Endpoints first: who comes to a service before they are there is refused.
    changed.sort((a, b) => rank(a) - rank(b));
    if (!isDryRun && changed.length > 0) shelf.write(changed.map(({ file, text }) => [file, text]));
    return { status: 200, results, left };
  });
}

const rank = ({ kind }: Item): number => (kind === "slice" ? 0 : 1);

/** Removes a service and its endpoints, `slices` by their keys, as far as they were applied. */
export function deleteService(
  shelf: Shelf,
  owners: Owners,
  key: string,
  slices: readonly string[],
  isDryRun: boolean,
): Done | Refused {
  const wanted = [
    ...slices.map((slice) => ({ kind: "slice", key: slice }) as const),
    { kind: "service", key } as const,
  ].map((one) => ({ ...one, file: fileOf(one.kind, one.key), owner: owners.fileOf(one.kind, one.key) }));
  const there = wanted.filter(({ owner }) => owner !== undefined);
  const [elsewhere] = there.filter(({ kind, owner, file }) => kind === "service" && owner !== file);
  if (there.length === 0) return { status: 404, problems: [`no file has a service ${key}`] };
  if (elsewhere) {
    const where = `${shelf.path}/${elsewhere.owner}`;
    return { status: 409, problems: [`${nameOf(elsewhere)} is in ${where}: remove it there; ${NOTHING}`] };
  }
  const own = there.filter(({ owner, file }) => owner === file);
  const others = there.filter(({ owner, file }) => owner !== file);
  return attempted(() => {
    if (!isDryRun) shelf.remove(own.map(({ file }) => file).reverse());
    return {
      status: 200,
      results: own.map((one) => ({ object: nameOf(one), file: one.file, result: "deleted" })),
      left: others.map((one) => `${nameOf(one)} stays: it is in ${shelf.path}/${one.owner}`),
    };
  });
}

function attempted(act: () => Done): Done | Refused {
  try {
    return act();
  } catch (error) {
    return { status: 500, problems: [`${messageOf(error)}: berthd must be able to write its directory of files`] };
  }
}

function takenBy(item: Item, { path }: Shelf, owners: Owners): string[] {
  const owner = owners.fileOf(item.kind, item.key);
  if (owner === undefined || owner === item.file) return [];
  return [`${nameOf(item)} is in ${path}/${owner}: change it there, or remove it from there first; ${NOTHING}`];
}

function resultOf({ file, text }: Item, shelf: Shelf): Result {
  const before = shelf.read(file);
  if (before === undefined) return "created";
  return before === text ? "unchanged" : "configured";
}
