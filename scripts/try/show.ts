/** Output for people: coloured on a terminal, plain otherwise or with NO_COLOR set (no-color.org). */

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;

const style = (codes: string) => (text: string) => (coloured ? `\x1b[${codes}m${text}\x1b[0m` : text);

export const bold = style("1");
export const dim = style("2");
const cyan = style("1;36");
const green = style("32");
const red = style("1;31");

/** Begins a section of the story. */
export function heading(text: string): void {
  console.log(`\n${cyan("==")} ${bold(text)}`);
}

/** A line of it. */
export function say(text: string): void {
  console.log(`   ${text}`);
}

export function good(text: string): void {
  console.log(`   ${green("✓")} ${text}`);
}

export function bad(text: string): void {
  console.log(`   ${red("✗")} ${text}`);
}

/** A command as typed, and what it printed. */
export function transcript(command: string, output: string): void {
  say(dim(`$ ${command}`));
  for (const line of output.trimEnd().split("\n")) say(line.trimEnd());
}
