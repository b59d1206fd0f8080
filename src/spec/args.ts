import { CniError, INVALID_ENVIRONMENT } from "./errors.ts";
import { quoteAll } from "./quote.ts";

/**
 * Parses CNI_ARGS, `K=V;K2=V2`: the values of the keys in `known` (case-sensitive; the last of a repeated key wins).
 * Other keys are errors unless `IgnoreUnknown` is true. A trailing `;` and a second `=` are errors, as in the reference.
 * @throws CniError 4
 */
export function parseArgs(text: string, known: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  const unknown: string[] = [];
  let ignoreUnknown = false;
  for (const pair of text === "" ? [] : text.split(";")) {
    const [key = "", value, ...rest] = pair.split("=");
    if (value === undefined || rest.length) throw invalid(`invalid pair "${pair}"`, "CNI_ARGS is KEY=VALUE;KEY=VALUE");
    if (key === "IgnoreUnknown") ignoreUnknown = parseBoolean(pair, value);
    else if (known.includes(key)) values.set(key, value);
    else unknown.push(pair);
  }
  if (unknown.length && !ignoreUnknown) {
    const keys = known.length ? `known: ${known.join(", ")}; ` : "";
    throw invalid(`unknown args ${quoteAll(unknown)}`, `${keys}add IgnoreUnknown=1 to CNI_ARGS to have others ignored`);
  }
  return values;
}

function parseBoolean(pair: string, value: string): boolean {
  const text = value.toLowerCase();
  if (text === "1" || text === "true") return true;
  if (text === "0" || text === "false") return false;
  throw invalid(`error parsing value of pair "${pair}": boolean unmarshal error: invalid input ${value}`, "");
}

function invalid(message: string, details: string): CniError {
  return new CniError(INVALID_ENVIRONMENT, `ARGS: ${message}`, details);
}
