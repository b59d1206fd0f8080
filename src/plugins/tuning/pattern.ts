/** Escapes that mean the same in Go's regular expressions and here. */
const SHARED = "dDwWsSbBtnrfv";

/**
 * A regular expression as Go's regexp writes it. What the two read differently is written anew, or refused: never taken for
 * something else, which might allow more.
 * @throws SyntaxError
 */
export function readPattern(go: string): RegExp {
  let js = "";
  let at = 0;
  let inClass = false;
  while (at < go.length) {
    const rest = go.slice(at, at + 2);
    const [unit = ""] = rest;
    if (unit === "\\") {
      js += escaped(rest[1], inClass);
      at += 2;
      continue;
    }
    if (!inClass && unit === "(" && go[at + 1] === "?" && go[at + 2] !== ":") {
      throw new SyntaxError(`${go.slice(at, at + 4)} is not known here`);
    }
    if (inClass && unit === "[") {
      if (go[at + 1] === ":") throw new SyntaxError(`${rest} is not known here`);
      js += "\\";
    }
    if (!inClass && unit === "[") {
      const start = go[at + 1] === "^" ? "[^" : "[";
      at += start.length;
      js += start;
      inClass = true;
      // The first is a member of the class in Go.
      if (go[at] === "]") js += "\\";
      else continue;
    } else if (inClass && unit === "]") inClass = false;
    js += go[at];
    at++;
  }
  return new RegExp(js);
}

function escaped(unit: string | undefined, inClass: boolean): string {
  if (unit === undefined) throw new SyntaxError("it ends with a backslash");
  if (/[^0-9A-Za-z]/.test(unit)) return `\\${unit}`;
  if (!inClass && unit === "A") return "^";
  if (!inClass && unit === "z") return "$";
  if (SHARED.includes(unit) && !(inClass && /[bB]/.test(unit))) return `\\${unit}`;
  throw new SyntaxError(`\\${unit} is not known here`);
}
