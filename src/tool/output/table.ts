import { widthOf } from "./style.ts";

/**
 * Columns as kubectl prints them: a head in capitals, cells filled up with blanks, three between two columns. "" without a row.
 * @param head one word for each column
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const lines = [head.map((word) => word.toUpperCase()), ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ""))));
  const fill = (cell: string, column: number) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell));
  return lines.map((line) => `${line.map(fill).join("   ").trimEnd()}\n`).join("");
}
