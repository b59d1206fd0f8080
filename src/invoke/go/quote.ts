/** Go's `%q` of texts that may hold anything: what plugins print (spec/quote.ts is for names). */

const SHORT: Record<string, string> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** Go's unicode.IsPrint, where this engine's Unicode is as old as Go's. */
const UNPRINTABLE = /["\\]|[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu;

/** The text in double quotes, what cannot be printed escaped as strconv.Quote does. */
export function quoteGo(text: string): string {
  return `"${text.replace(UNPRINTABLE, escaped)}"`;
}

function escaped(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  const hex = (digits: number) => point.toString(16).padStart(digits, "0");
  if (SHORT[character] !== undefined) return SHORT[character];
  if (point < 0x80) return `\\x${hex(2)}`;
  return point < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}
