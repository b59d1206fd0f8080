import { isSignal } from "./errno.ts";

/** Does `work` now. What it gave, or threw, is had by who asks for it later; a signal is thrown at once. */
export function outcome<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    if (isSignal(error)) throw error;
    return () => {
      throw error;
    };
  }
}
