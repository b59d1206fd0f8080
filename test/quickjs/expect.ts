/** `expect` of "bun:test", as far as the tests of the pure layers use it. */
import { equal, matches, Pattern, show } from "./equal.ts";

/** What a test says when it fails. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

type Matcher = (actual: unknown, ...expected: never[]) => boolean;
type Thrown = { error: unknown } | undefined;

const string = (value: unknown): string =>
  typeof value === "string" ? value : expect.unreachable(`${show(value)} is no string`);
const sized = (value: unknown) => value as { length: number };

const MATCHERS = {
  toBe: (actual: unknown, expected: unknown) => Object.is(actual, expected),
  toEqual: equal,
  toMatchObject: (actual: unknown, expected: object) => matches(actual, expected),
  toBeUndefined: (actual: unknown) => actual === undefined,
  toBeDefined: (actual: unknown) => actual !== undefined,
  toBeArray: (actual: unknown) => Array.isArray(actual),
  toBeInstanceOf: (actual: unknown, type: new (...args: never[]) => unknown) => actual instanceof type,
  toHaveLength: (actual: unknown, length: number) => sized(actual).length === length,
  toHaveProperty: (actual: unknown, name: string) => name in (actual as object),
  toBeGreaterThan: (actual: unknown, than: number) => (actual as number) > than,
  toBeGreaterThanOrEqual: (actual: unknown, than: number) => (actual as number) >= than,
  toBeLessThan: (actual: unknown, than: number) => (actual as number) < than,
  toBeLessThanOrEqual: (actual: unknown, than: number) => (actual as number) <= than,
  toStartWith: (actual: unknown, text: string) => string(actual).startsWith(text),
  toEndWith: (actual: unknown, text: string) => string(actual).endsWith(text),
  toMatch: (actual: unknown, pattern: RegExp | string) => fits(string(actual), pattern),
  toContain: (actual: unknown, part: unknown) =>
    typeof actual === "string" ? actual.includes(part as string) : [...(actual as Iterable<unknown>)].includes(part),
  toContainEqual: (actual: unknown, part: unknown) =>
    [...(actual as Iterable<unknown>)].some((one) => equal(one, part)),
  toThrow: (actual: unknown, expected?: unknown) => throws(actual as () => unknown, expected),
} satisfies Record<string, Matcher>;

type Arguments<F> = F extends (actual: never, ...expected: infer E) => boolean ? E : never;
type Matchers = { [M in keyof typeof MATCHERS]: (...expected: Arguments<(typeof MATCHERS)[M]>) => void };

function matchersOf(actual: unknown, wanted: boolean): Matchers {
  const entries = Object.entries(MATCHERS).map(([name, matcher]) => [
    name,
    (...expected: never[]) => {
      if ((matcher as Matcher)(actual, ...expected) === wanted) return;
      const what = typeof actual === "function" ? showThrown(thrownBy(actual as () => unknown)) : show(actual);
      throw new AssertionError(`${wanted ? "" : "not "}${name}(${expected.map(show).join(", ")}): ${what}`);
    },
  ]);
  return Object.fromEntries(entries) as Matchers;
}

export function expect(actual: unknown): Matchers & { not: Matchers } {
  return { ...matchersOf(actual, true), not: matchersOf(actual, false) };
}

expect.unreachable = (message = "reached unreachable code"): never => {
  throw new AssertionError(message);
};
expect.stringContaining = (part: string) =>
  new Pattern(`a text with ${show(part)}`, (value) => typeof value === "string" && value.includes(part));
expect.stringMatching = (pattern: RegExp | string) =>
  new Pattern(`a text like ${pattern}`, (value) => typeof value === "string" && fits(value, pattern));
expect.objectContaining = (part: object) =>
  new Pattern(`an object with ${show(part)}`, (value) => matches(value, part));

function fits(text: string, pattern: RegExp | string): boolean {
  return typeof pattern === "string" ? text.includes(pattern) : pattern.test(text);
}

function thrownBy(fn: () => unknown): Thrown {
  try {
    fn();
    return undefined;
  } catch (error) {
    return { error };
  }
}

function showThrown(thrown: Thrown): string {
  return thrown ? `it threw ${show(thrown.error)}` : "it threw nothing";
}

/** Anything; a text that is part of the message, a pattern; an error of the same message; an error of a class. */
function throws(fn: () => unknown, expected: unknown): boolean {
  const thrown = thrownBy(fn);
  if (thrown === undefined || expected === undefined) return thrown !== undefined;
  const { error } = thrown;
  if (expected instanceof Pattern) return expected.matches(error);
  if (typeof expected === "function") return error instanceof expected;
  const message = error instanceof Error ? error.message : String(error);
  if (expected instanceof Error) return message === expected.message;
  return fits(message, expected as RegExp | string);
}
