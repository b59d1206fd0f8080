import type { World } from "../world.ts";

/** ECMA-48, 8.3.117 (SGR). */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** Puts its text in a colour where there are colours. */
export type Style = { readonly [K in keyof typeof CODES]: (text: string) => string };

/** For stdout: colours on a terminal, unless NO_COLOR (no-color.org) is set and not empty or TERM is "dumb"; elsewhere the text as it is. */
export function styleOf({ env, stream }: Pick<World, "env" | "stream">): Style {
  const colours = stream("stdout").isTerminal && !env.get("NO_COLOR") && env.get("TERM") !== "dumb";
  const paint = (code: number) => (text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  const { bold, dim, red, green, yellow, cyan } = CODES;
  return {
    bold: paint(bold),
    dim: paint(dim),
    red: paint(red),
    green: paint(green),
    yellow: paint(yellow),
    cyan: paint(cyan),
  };
}

const SEQUENCE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** How many columns a text takes: without the colours. Wide characters count as one. */
export const widthOf = (text: string): number => [...text.replace(SEQUENCE, "")].length;
