/** Texts inside messages, as Go prints them, because callers compare messages with the reference's. */

/** Go's `%q` for a text: double quotes, escapes only for what JSON escapes. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Go's `%q` for a list: `["a" "b"]`. */
export function quoteAll(texts: readonly string[]): string {
  return `[${texts.map(quote).join(" ")}]`;
}

/** A value for a message: as JSON, cut after `limit` characters. */
export function brief(value: unknown, limit = 80): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
