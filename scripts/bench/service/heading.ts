import { loadavg } from "node:os";
import { machine } from "../machine.ts";

/** The line above a table: when, where, and how busy others kept it. */
export function heading(): string {
  const load = loadavg().map((one) => one.toFixed(1));
  return `${new Date().toISOString().slice(0, 10)}, ${machine()}, Bun ${Bun.version}, load ${load.join(" ")}`;
}

/** Lines of Markdown. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const cells of [head, head.map(() => "---"), ...rows]) console.log(`| ${cells.join(" | ")} |`);
}
