/** Where a text stops being JSON (RFC 8259), for people: engines say it in words of their own, some without a place. */
export interface Flaw {
  /** Offset of the first character that cannot be there; the text's length where it ends too early. */
  readonly at: number;
  /** "a comma or } is missing" */
  readonly why: string;
  /** What would put it right, where that can be told. */
  readonly edit: Edit | undefined;
}

/** Characters to remove at a place, and what to put there. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/** Undefined for a text that is JSON. */
export function flawOf(text: string): Flaw | undefined {
  const scanner = new Scanner(text);
  try {
    scanner.document();
    return undefined;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return error.flaw;
  }
}

/** Line and column of an offset, from 1, as editors count. */
export function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  return { line, column: at - before.lastIndexOf("\n") };
}

class Stop extends Error {
  readonly flaw: Flaw;
  constructor(flaw: Flaw) {
    super(flaw.why);
    this.flaw = flaw;
  }
}

const SPACE = " \t\r\n";
const ESCAPES = '"\\/bfnrt';

/** Deeper than any configuration, and no deeper than the stack. */
const DEPTH = 500;

class Scanner {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value();
    this.#space();
    if (this.#at < this.#text.length) this.#stop("nothing may follow the end of the object");
  }

  #value(): void {
    this.#space();
    const next = this.#text[this.#at];
    if (next === "{") this.#list("}", () => this.#member());
    else if (next === "[") this.#list("]", () => this.#value());
    else if (next === '"') this.#string();
    else if (next === undefined) this.#stop("a value is missing: the text ends here");
    else if (!this.#word(/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)(?![\w.])/)) this.#noValue(next);
  }

  #noValue(next: string): never {
    if (next === ",") this.#stop("a value is missing before the comma", { at: this.#at, remove: 1, insert: "" });
    if (next === "'") this.#stop('texts stand between "double quotes"');
    if (next === "}" || next === "]") this.#stop(`a value is missing before ${next}`);
    return this.#stop(`${JSON.stringify(next)} begins no value: a text stands between "double quotes"`);
  }

  #list(close: string, item: () => void): void {
    if (++this.#depth > DEPTH) this.#stop("it is nested too deeply");
    const opened = this.#at++;
    this.#space();
    if (this.#take(close)) return void this.#depth--;
    for (;;) {
      item();
      this.#space();
      if (this.#take(close)) return void this.#depth--;
      const comma = this.#at;
      if (!this.#take(",")) this.#noComma(close, opened);
      this.#space();
      if (this.#text[this.#at] === close)
        this.#stop(`no comma may stand before ${close}`, { at: comma, remove: 1, insert: "" }, comma);
    }
  }

  #noComma(close: string, opened: number): never {
    const next = this.#text[this.#at];
    if (next === undefined) {
      const { line } = placeOf(this.#text, opened);
      const why = `the text ends, and ${close} is missing for what line ${line} begins`;
      return this.#stop(why, { at: this.#text.trimEnd().length, remove: 0, insert: close });
    }
    const end = this.#text.slice(0, this.#at).trimEnd().length;
    const isValue = /["{[\dtfn-]/.test(next);
    return this.#stop(`a comma or ${close} is missing`, isValue ? { at: end, remove: 0, insert: "," } : undefined);
  }

  #member(): void {
    this.#space();
    if (this.#text[this.#at] === ",") this.#stop("one comma too many", { at: this.#at, remove: 1, insert: "" });
    if (this.#text[this.#at] !== '"') this.#stop('a key between "double quotes" is missing');
    this.#string();
    this.#space();
    if (!this.#take(":")) {
      const end = this.#text.slice(0, this.#at).trimEnd().length;
      this.#stop("a colon is missing after the key", { at: end, remove: 0, insert: ":" });
    }
    this.#value();
  }

  #string(): void {
    const start = this.#at++;
    for (;;) {
      const next = this.#text[this.#at];
      if (next === '"') return void this.#at++;
      if (next === undefined || next === "\n")
        this.#stop("the text that begins here has no closing quote", undefined, start);
      if (next < " ") this.#stop("a control character in a text is written \\u00XX");
      if (next === "\\") this.#escape();
      else this.#at++;
    }
  }

  #escape(): void {
    const letter = this.#text[this.#at + 1] ?? "";
    if (letter === "u" && /^[0-9a-fA-F]{4}/.test(this.#text.slice(this.#at + 2, this.#at + 6))) this.#at += 6;
    else if (letter !== "" && ESCAPES.includes(letter)) this.#at += 2;
    else this.#stop(`\\${letter} is no escape`);
  }

  /** White space, and none of the comments that other formats have. */
  #space(): void {
    while (SPACE.includes(this.#text[this.#at] ?? "x")) this.#at++;
    const two = this.#text.slice(this.#at, this.#at + 2);
    if (two === "//" || two === "/*" || two[0] === "#") this.#comment(two);
  }

  #comment(two: string): never {
    const close = two === "/*" ? "*/" : "\n";
    const found = this.#text.indexOf(close, this.#at + 2);
    const end = found < 0 ? this.#text.length : found + (two === "/*" ? 2 : 0);
    return this.#stop("JSON has no comments", { at: this.#at, remove: end - this.#at, insert: "" });
  }

  #word(pattern: RegExp): boolean {
    const [found] = pattern.exec(this.#text.slice(this.#at, this.#at + 64)) ?? [];
    this.#at += found?.length ?? 0;
    return found !== undefined;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #stop(why: string, edit?: Edit, at = this.#at): never {
    throw new Stop({ at, why, edit });
  }
}

/** How often a text is put right at most. */
const EDITS = 20;

/** The text with its flaws put right, one after the other; undefined where one cannot be. */
export function mended(text: string): string | undefined {
  let now = text;
  for (let left = EDITS; left > 0; left--) {
    const flaw = flawOf(now);
    if (!flaw) return now;
    if (!flaw.edit) return undefined;
    const { at, remove, insert } = flaw.edit;
    now = now.slice(0, at) + insert + now.slice(at + remove);
  }
  return undefined;
}
