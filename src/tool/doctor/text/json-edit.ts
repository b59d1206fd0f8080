import { command, editCommand, word } from "./shell.ts";

/** A place in a JSON value: keys and indexes. */
export type Path = readonly (string | number)[];

/** "plugins[0].ipam.subnet" */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

/** What is at a place; undefined where there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (now, part) => (typeof now === "object" && now !== null ? (now as Record<string, unknown>)[part] : undefined),
    value,
  );
}

/** A copy with something else at a place. */
export function withValue(value: unknown, path: Path, next: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return next;
  if (Array.isArray(value)) return value.map((one, i) => (i === first ? withValue(one, rest, next) : one));
  const object = value as Record<string, unknown>;
  return { ...object, [first]: withValue(object?.[first], rest, next) };
}

/** A copy without a key. */
export function withoutKey(value: unknown, path: Path): unknown {
  const last = path.at(-1);
  const parent = path.slice(0, -1);
  const entries = Object.entries(valueAt(value, parent) as object).filter(([name]) => name !== last);
  return withValue(value, parent, Object.fromEntries(entries));
}

/** The same with another name for a key, in its place. */
export function withKey(value: unknown, path: Path, name: string): unknown {
  const last = path.at(-1);
  const parent = path.slice(0, -1);
  const entries = Object.entries(valueAt(value, parent) as object);
  return withValue(value, parent, Object.fromEntries(entries.map(([key, one]) => [key === last ? name : key, one])));
}

/** The command that makes a file say `config`: a small edit where one text in it can be replaced, else the whole file anew. */
export function rewrite(
  path: string,
  text: string,
  config: unknown,
  replace?: readonly [from: string, to: string],
): string {
  const [from = "", to = ""] = replace ?? [];
  if (from !== "" && text.split(from).length === 2) {
    const edited = editCommand(
      path,
      text,
      text.replace(from, () => to),
    );
    if (edited !== undefined) return edited;
  }
  return `cat > ${word(path)} <<'EOF'\n${JSON.stringify(config, null, 2)}\nEOF`;
}

/** Takes a file out of use: no runtime looks at such a name. */
export const putAside = (path: string): string => command("mv", path, `${path}.unused`);

/** Where a key is, for an editor: "FILE:12". */
export function lineOf(text: string, key: string): number | undefined {
  const at = text.indexOf(`${JSON.stringify(key)}`);
  return at < 0 ? undefined : text.slice(0, at).split("\n").length;
}
