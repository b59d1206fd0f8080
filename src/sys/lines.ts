/** Stack traces that name TypeScript lines, from the line tables that scripts/line-table.mjs makes and documents. */

/**
 * Rewrites the positions in `stack` that `table` knows: `core.js:12:5` becomes `src/base/ip.ts:40`.
 *
 * A table covers a bundle and what it shares with others (`lineTable` of berth:sys); tables may be concatenated.
 * Positions in other files stay as they are.
 */
export function originalStack(stack: string, table: string): string {
  return stack.replace(/([\w-]+\.js):(\d+)(?::\d+)?/g, (position, file: string, line: string) => {
    return originalLine(file, Number(line), table) ?? position;
  });
}

/** The last entry of the file's section that does not begin after `line`. */
function originalLine(file: string, line: number, table: string): string | undefined {
  const sources = section(file, table);
  let found: string | undefined;
  for (const row of sources) {
    const [source, ...entries] = row.split(" ");
    for (const entry of entries) {
      const [generated = 0, original = 0, extra = 0] = entry.split(/[:+]/).map(Number);
      if (generated > line) return found;
      found = `${source}:${original + Math.min(line - generated, extra)}`;
    }
  }
  return found;
}

/** The rows of a file's section: a source path and its entries each. */
function section(file: string, table: string): string[] {
  const start = `\n${table}`.indexOf(`\n=${file}\n`);
  if (start < 0) return [];
  const end = table.indexOf("\n=", start);
  return table.slice(table.indexOf("\n", start) + 1, end < 0 ? undefined : end).split("\n");
}
