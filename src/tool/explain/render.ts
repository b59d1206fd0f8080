import type { Style } from "../output/style.ts";
import { firstBad, type Hop } from "./hop.ts";

/** The words of a hop's state where there are no colours. */
const WORDS: Readonly<Record<Hop["state"], string>> = { ok: "ok", warning: "warning", broken: "BROKEN", unknown: "-" };
const SIGNS: Readonly<Record<Hop["state"], string>> = { ok: "✓", warning: "!", broken: "✗", unknown: "-" };
const COLOURS = { ok: "green", warning: "yellow", broken: "red", unknown: "dim" } as const satisfies Record<
  Hop["state"],
  keyof Style
>;

/** How it is printed: with signs and colours on a terminal, with words elsewhere. */
export interface Look {
  readonly style: Style;
  readonly isTerminal: boolean;
}

/** A line for each hop, more where more was seen. */
export function hopsText(hops: readonly Hop[], { style, isTerminal }: Look): string {
  const width = Math.max(...hops.map(({ name }) => name.length));
  const signs = isTerminal ? SIGNS : WORDS;
  const signWidth = Math.max(...hops.map(({ state }) => signs[state].length));
  const lines = hops.flatMap(({ name, state, evidence }) => {
    const sign = style[COLOURS[state]](signs[state].padEnd(signWidth));
    const [first = "", ...more] = evidence;
    const blank = " ".repeat(signWidth + width + 5);
    return [`  ${sign} ${name.padEnd(width)}  ${first}`, ...more.map((line) => `${blank}${line}`)];
  });
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

/** What is wrong first of all, what comes of it, and the commands that mend it; "" where all is well. */
export function verdictText(hops: readonly Hop[], { style }: Look): string {
  const bad = firstBad(hops);
  if (!bad?.finding) return "";
  const { severity, what, consequence, mend } = bad.finding;
  const head = severity === "error" ? style.red("broken:") : style.yellow("warning:");
  const lines = [`${head} ${style.bold(what)}`, `  so ${consequence}`];
  const commands = mend.length > 0 ? ["  mend:", ...mend.map((command) => `    ${style.cyan(command)}`)] : [];
  return [...lines, ...commands].map((line) => `${line}\n`).join("");
}
