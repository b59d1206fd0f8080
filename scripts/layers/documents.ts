/** What is made of the imports and committed: docs/architecture.svg, and the table in docs/architecture.md. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Folders } from "./folders.ts";
import { rowsOf } from "./folders.ts";
import { picture } from "./picture.ts";
import { PURPOSES } from "./purposes.ts";

const PICTURE = "docs/architecture.svg";
const PAGE = "docs/architecture.md";
const [BEGIN, END] = ["<!-- layers -->", "<!-- end of layers -->"];

interface Document {
  /** From the root. */
  readonly file: string;
  readonly text: string;
}

/** Writes both below `root`. @throws Error when docs/architecture.md is missing or has no place for the table */
export function writeDocuments(root: string, folders: Folders): void {
  for (const { file, text } of documents(root, folders)) writeFileSync(join(root, file), text);
}

/** The offences: what is not there, or not what `folders` would give. */
export function staleDocuments(root: string, folders: Folders): string[] {
  const current = ({ file, text }: Document) =>
    existsSync(join(root, file)) && readFileSync(join(root, file), "utf8") === text;
  return documents(root, folders)
    .filter((document) => !current(document))
    .map(({ file }) => `${file}: not what src/ imports now: npm run layers -- --picture`);
}

function documents(root: string, folders: Folders): Document[] {
  return [
    { file: PICTURE, text: picture(folders) },
    { file: PAGE, text: pageOf(readFileSync(join(root, PAGE), "utf8"), folders) },
  ];
}

/** `page` with the table between its marks. */
function pageOf(page: string, folders: Folders): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE}: the lines "${BEGIN}" and "${END}" are missing`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${tableOf(folders)}\n\n${page.slice(end)}`;
}

/** Markdown, from the highest row to the lowest, in columns of equal width. */
function tableOf(folders: Folders): string {
  const rows = rowsOf(folders);
  const sorted = [...folders].sort(([a], [b]) => (rows.get(a) ?? 0) - (rows.get(b) ?? 0));
  const code = (name: string) => (name.endsWith(".ts") ? `\`${name}\`` : `\`${name}/\``);
  const lines = [
    ["in src/", "what it is for", "imports"],
    ...sorted.map(([name, imports]) => [code(name), PURPOSES[name] ?? "", imports.join(" ") || "–"]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const padded = lines.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [padded[0], rule, ...padded.slice(1)].join("\n");
}
