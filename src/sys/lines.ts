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

/** Of the last line of the file's section that is not after `line`. */
function originalLine(file: string, line: number, table: string): string | undefined {
  let found: string | undefined;
  let folder = "";
  let generated = 1;
  for (const row of section(file, table)) {
    const [path = "", written = ""] = row.split(" ");
    const name = path.lastIndexOf("/") + 1;
    if (name > 0) folder = path.slice(0, name);
    const [passed = 0, ...runs] = numbersIn(written);
    generated += passed;
    let original = 1;
    for (let i = 0; i < runs.length; i += 2) {
      if (generated > line) return found;
      const [over = 0, extra = 0] = runs.slice(i, i + 2);
      original += over;
      found = `${folder}${path.slice(name)}:${original + Math.min(line - generated, extra)}`;
      original += extra + 1;
      generated += extra + 1;
    }
  }
  return found;
}

/** Numbers as scripts/line-table.mjs writes them. */
function numbersIn(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit >= 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}

/** The rows of a file's section: a source path and its lines each. */
function section(file: string, table: string): string[] {
  const start = `\n${table}`.indexOf(`\n=${file}\n`);
  if (start < 0) return [];
  const end = table.indexOf("\n=", start);
  return table.slice(table.indexOf("\n", start) + 1, end < 0 ? undefined : end).split("\n");
}
