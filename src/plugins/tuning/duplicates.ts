import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import { quote } from "../../spec/quote.ts";

/**
 * Refuses a sysctl that stands twice in `json`, the configuration's text, of which `sysctl` is what parsing has left: of two
 * that are the same the last.
 * @throws CniError 7
 */
export function assertNoneTwice(sysctl: Readonly<Record<string, string>>, json: string): void {
  const names = Object.keys(sysctl);
  if (names.length === 0 || (!json.includes("\\") && names.every((name) => isOnce(json, quote(name))))) return;
  const twice = firstTwice(json);
  if (twice === undefined) return;
  throw new CniError(
    INVALID_CONFIG,
    "duplicated sysctl keys are not allowed",
    `sysctl has ${quote(twice)} twice: leave one of them out`,
  );
}

function isOnce(text: string, word: string): boolean {
  return text.indexOf(word) === text.lastIndexOf(word);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** The first name that is twice in the object `sysctl` (in any case, as Go reads it) of a valid JSON text. */
function firstTwice(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let member = "";
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    if (unit === QUOTE) {
      const end = endOfText(json, at);
      if (depth <= 2 && isName(json, end)) {
        const name: string = JSON.parse(json.slice(at, end));
        if (depth === 1) member = name.toLowerCase();
        else if (member === "sysctl" && seen.has(name)) return name;
        else if (member === "sysctl") seen.add(name);
      }
      at = end - 1;
    } else if (unit === 0x7b || unit === 0x5b) depth++;
    else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return undefined;
}

/** Where the text that begins with a quote at `start` has ended. */
function endOfText(json: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const unit = json.charCodeAt(at);
    if (unit === BACKSLASH) at++;
    else if (unit === QUOTE || at >= json.length) return at + 1;
  }
}

/** Whether a colon follows. */
function isName(json: string, end: number): boolean {
  let at = end;
  while (json.charCodeAt(at) <= 0x20) at++;
  return json.charCodeAt(at) === COLON;
}
