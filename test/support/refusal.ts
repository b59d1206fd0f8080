import { expect } from "bun:test";
import { CniError } from "../../src/spec/errors.ts";

/** The CniError that `fn` throws. Fails the test when it throws nothing or something else. */
export function refusal(fn: () => unknown): CniError {
  try {
    fn();
  } catch (error) {
    if (error instanceof CniError) return error;
    throw error;
  }
  expect.unreachable("no CniError was thrown");
}

/** Code and message of the CniError that `fn` throws. */
export function refusalOf(fn: () => unknown): [code: number, message: string] {
  const { code, message } = refusal(fn);
  return [code, message];
}
