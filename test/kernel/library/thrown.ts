import { expect } from "bun:test";

/** What `fn` throws, which it must; or may not, where it `succeeds`: then undefined. */
// biome-ignore lint/suspicious/noExplicitAny: errors of several classes
export function thrown(fn: () => unknown, succeeds = false): any {
  try {
    fn();
  } catch (error) {
    return error;
  }
  if (!succeeds) expect.unreachable(`${fn} did not fail`);
  return undefined;
}
