/** What the engine throws when something is too large for it. */

/** Whether memory ran out; null is thrown where not even an error had room. */
export function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error)) return error === null;
  return error.name === "InternalError" && error.message.startsWith("out of memory");
}

/** Whether the stack ran out: something is nested too deeply, or a function calls itself without end. */
export function isOutOfStack(error: unknown): boolean {
  return error instanceof RangeError && error.message.startsWith("Maximum call stack size exceeded");
}
