/** When two values count as equal: what toEqual and toMatchObject of "bun:test" compare, as far as the tests go. */

/** Stands for every value that its `matches` takes (expect.stringContaining and its like). */
export class Pattern {
  readonly what: string;
  readonly matches: (value: unknown) => boolean;

  constructor(what: string, matches: (value: unknown) => boolean) {
    this.what = what;
    this.matches = matches;
  }
}

type Members = Record<string, unknown>;

const isObject = (value: unknown): value is Members => typeof value === "object" && value !== null;

/** The same structure; members that are undefined count as absent. */
export function equal(actual: unknown, expected: unknown): boolean {
  if (expected instanceof Pattern) return expected.matches(actual);
  if (!isObject(actual) || !isObject(expected)) return Object.is(actual, expected);
  if (tag(actual) !== tag(expected)) return false;
  if (expected instanceof Error) return actual.message === expected.message && actual.name === expected.name;
  if (expected instanceof Map) return equal([...(actual as unknown as Map<unknown, unknown>)], [...expected]);
  if (expected instanceof Set) return equal([...(actual as unknown as Set<unknown>)], [...expected]);
  if ((Array.isArray(expected) || isBytes(expected)) && length(actual) !== length(expected)) return false;
  const names = new Set([...Object.keys(actual), ...Object.keys(expected)]);
  return [...names].every((name) => equal(actual[name], expected[name]));
}

/** `actual` has at least the members of `expected`; arrays have the same length. */
export function matches(actual: unknown, expected: unknown): boolean {
  if (expected instanceof Pattern || !isObject(expected)) return equal(actual, expected);
  if (!isObject(actual) || tag(actual) !== tag(expected) || isBytes(expected)) return equal(actual, expected);
  if (Array.isArray(expected) && length(actual) !== expected.length) return false;
  return Object.keys(expected).every((name) => matches(actual[name], expected[name]));
}

function tag(value: object): string {
  if (value instanceof Error) return "Error";
  return Object.prototype.toString.call(value);
}

const isBytes = (value: unknown) => ArrayBuffer.isView(value);
const length = (value: Members) => value.length;

/** A value for people, on one line. */
export function show(value: unknown): string {
  if (value instanceof Pattern) return value.what;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Uint8Array)
    return `bytes ${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;
  if (value instanceof Map || value instanceof Set) return `${tag(value)} ${show([...value])}`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([name, one]) => `${name}: ${show(one)}`)
      .join(", ")}}`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
