/** A word as a shell takes it: as it is, or between quotes. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A command of words. */
export const command = (...words: readonly string[]): string => words.map(word).join(" ");

/** In the network namespace at a path. */
export const inNetns = (path: string, ...words: readonly string[]): string =>
  command("nsenter", `--net=${path}`, ...words);

/** Replaces the lines of a file that differ between two texts of it, by one `sed`; undefined where that cannot be said so. */
export function editCommand(path: string, before: string, after: string): string | undefined {
  const old = before.split("\n");
  const now = after.split("\n");
  if (old.length !== now.length) return undefined;
  const changed = old.flatMap((line, i) => (line === now[i] ? [] : [{ line: i + 1, text: now[i] || " " }]));
  if (changed.length === 0 || changed.some(({ text }) => text.includes("\\"))) return undefined;
  const scripts = changed.map(({ line, text }) => `${line}c\\${text}`);
  return command("sed", "-i", ...scripts.flatMap((script) => ["-e", script]), path);
}
