/** What is wrong with a text that is no JSON, in the words of Go's encoding/json, and where. */
import { encodeUtf8 } from "../../base/utf8.ts";
import { quoteGo } from "./quote.ts";

/** A text that Go could not decode. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  /** Bytes of the text before what is wrong. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** The first flaw of a text that is no JSON. */
export function syntaxError(text: string): JsonError {
  const scanner = new Scanner(encodeUtf8(text));
  try {
    scanner.document();
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
  return new JsonError("unexpected end of JSON input", scanner.at);
}

const SPACE = " \t\r\n";
const DIGIT = /^\d$/;

class Scanner {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  document(): void {
    this.#value();
    if (this.#afterSpace() !== "") throw this.#unexpected("after top-level value");
  }

  /** Depth is the document's, not the stack's: containers are kept in a list. */
  #value(): void {
    const open: ("{" | "[")[] = [];
    do {
      const first = this.#afterSpace();
      if (first === "{" || first === "[") {
        this.at++;
        open.push(first);
        if (!this.#isClosed(first)) {
          if (first === "{") this.#key();
          continue;
        }
        open.pop();
      } else this.#scalar(first);
      this.#closeWhatEnds(open);
    } while (open.length > 0);
  }

  /** Passes the end of an object or array that has nothing in it. */
  #isClosed(opened: "{" | "["): boolean {
    if (this.#afterSpace() !== (opened === "{" ? "}" : "]")) return false;
    this.at++;
    return true;
  }

  /** After a value: passes what closes around it, up to where the next one begins. */
  #closeWhatEnds(open: ("{" | "[")[]): void {
    for (let inside = open.at(-1); inside !== undefined; inside = open.at(-1)) {
      const next = this.#afterSpace();
      if (next === ",") {
        this.at++;
        if (inside === "{") this.#key();
        return;
      }
      if (next !== (inside === "{" ? "}" : "]")) {
        throw this.#unexpected(inside === "{" ? "after object key:value pair" : "after array element");
      }
      this.at++;
      open.pop();
    }
  }

  #key(): void {
    if (this.#afterSpace() !== '"') throw this.#unexpected("looking for beginning of object key string");
    this.#string();
    if (this.#afterSpace() !== ":") throw this.#unexpected("after object key");
    this.at++;
  }

  #scalar(first: string): void {
    if (first === '"') this.#string();
    else if (first === "t") this.#word("true");
    else if (first === "f") this.#word("false");
    else if (first === "n") this.#word("null");
    else if (first === "-" || DIGIT.test(first)) this.#number();
    else throw this.#unexpected("looking for beginning of value");
  }

  #word(word: string): void {
    for (const letter of word) {
      if (this.#here() !== letter) throw this.#broken(`in literal ${word} (expecting '${letter}')`);
      this.at++;
    }
  }

  #string(): void {
    this.at++;
    for (let c = this.#here(); c !== '"'; c = this.#here()) {
      if (c === "" || c < " ") throw this.#unexpected("in string literal");
      this.at++;
      if (c === "\\") this.#escape();
    }
    this.at++;
  }

  #escape(): void {
    const kind = this.#here();
    if (kind === "" || !'bfnrt\\/"u'.includes(kind)) throw this.#broken("in string escape code");
    this.at++;
    if (kind !== "u") return;
    for (let i = 0; i < 4; i++, this.at++) {
      if (!/^[0-9a-fA-F]$/.test(this.#here())) throw this.#broken("in \\u hexadecimal character escape");
    }
  }

  #number(): void {
    if (this.#here() === "-") this.at++;
    if (this.#here() === "0") this.at++;
    else this.#digits("in numeric literal");
    if (this.#here() === ".") {
      this.at++;
      this.#digits("after decimal point in numeric literal");
    }
    if (/^[eE]$/.test(this.#here())) {
      this.at++;
      if (/^[+-]$/.test(this.#here())) this.at++;
      this.#digits("in exponent of numeric literal");
    }
  }

  #digits(where: string): void {
    if (!DIGIT.test(this.#here())) throw this.#broken(where);
    while (DIGIT.test(this.#here())) this.at++;
  }

  #afterSpace(): string {
    while (this.#here() !== "" && SPACE.includes(this.#here())) this.at++;
    return this.#here();
  }

  /** The byte as a character; "" at the end. */
  #here(): string {
    const byte = this.#bytes[this.at];
    return byte === undefined ? "" : String.fromCharCode(byte);
  }

  #unexpected(where: string): JsonError {
    const found = this.#here();
    return found === "" ? new JsonError("unexpected end of JSON input", this.at) : this.#broken(where);
  }

  /** Inside of a word, a number or an escape: there Go takes the end for a space. */
  #broken(where: string): JsonError {
    return new JsonError(`invalid character ${quoteCharacter(this.#here() || " ")} ${where}`, this.at);
  }
}

function quoteCharacter(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return `'"'`;
  return `'${quoteGo(character).slice(1, -1)}'`;
}
