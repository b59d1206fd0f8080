/**
 * "bun:test" for the QuickJS host, as far as the tests of the pure layers use it: tests run at once where they are
 * declared, and are synchronous.
 */
import { expect } from "./expect.ts";

export { expect };

export interface Totals {
  tests: number;
  failures: number;
  skipped: number;
}

/** Of all tests so far. */
export const totals: Totals = { tests: 0, failures: 0, skipped: 0 };

let report: (name: string, error: unknown) => void = () => {};

/** Whom failures are told. */
export function reportTo(listener: typeof report): void {
  report = listener;
}

type Body = (...args: never[]) => unknown;
type Declare = (name: string, body: Body) => void;
type Each = (rows: readonly unknown[]) => Declare;

const path: string[] = [];

function declare(name: string, body: () => unknown, fails: boolean): void {
  totals.tests++;
  let outcome: { error: unknown } | undefined;
  try {
    if (body() instanceof Promise) throw new Error("a test that awaits does not run here");
  } catch (error) {
    outcome = { error };
  }
  if (fails && outcome) return;
  if (fails) outcome = { error: new Error("it is expected to fail and does not any more") };
  if (!outcome) return;
  totals.failures++;
  report([...path, name].join(" > "), outcome.error);
}

function skip(): void {
  totals.tests++;
  totals.skipped++;
}

/** `each` of a function that declares something. */
function each(one: Declare): Each {
  return (rows) => (name, body) => {
    for (const row of rows) {
      const args = (Array.isArray(row) ? row : [row]) as never[];
      one(title(name, args), () => body(...args));
    }
  };
}

/** `%s` and its like stand for the arguments in their order. */
function title(name: string, args: readonly unknown[]): string {
  let at = 0;
  return name.replace(/%[spdijo]/g, () => String(args[at++]));
}

function group(name: string, body: Body): void {
  path.push(name);
  try {
    (body as () => void)();
  } finally {
    path.pop();
  }
}

const run: Declare = (name, body) => declare(name, body as () => unknown, false);
const skipping = Object.assign(skip as Declare, { each: each(skip) });

export const describe = Object.assign(group, { each: each(group) });

export const test = Object.assign(run, {
  each: each(run),
  skip: skipping,
  skipIf: (condition: boolean) => (condition ? skipping : test),
  failing: ((name, body) => declare(name, body as () => unknown, true)) as Declare,
}) as Declare & {
  each: Each;
  skip: typeof skipping;
  skipIf: (condition: boolean) => Declare & { each: Each };
  failing: Declare;
};
