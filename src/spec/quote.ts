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
  const text = beginning(value, limit);
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

/** The JSON of a value of any size and depth; of one that is longer than `limit`, as much as is needed to see that. */
function beginning(value: unknown, limit: number): string {
  if (typeof value === "string") return quote(value.slice(0, Math.max(0, limit)));
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? String(value);
  const keys = Array.isArray(value) ? undefined : Object.keys(value);
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  let text = keys ? "{" : "[";
  for (let i = 0; i < members.length && text.length <= limit; i++) {
    if (i > 0) text += ",";
    if (keys) text += `${beginning(keys[i], limit)}:`;
    text += beginning(members[i], limit - text.length);
  }
  return text + (keys ? "}" : "]");
}
