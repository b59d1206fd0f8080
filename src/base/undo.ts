/** The inverses of the effects of one call, to be run in reverse when it fails. */
export class Undo {
  #inverses: (() => void)[] = [];

  /** Remembers how to take back an effect that has just happened, and was ours alone. */
  push(inverse: () => void): void {
    this.#inverses.push(inverse);
  }

  /** The call has succeeded: nothing is to be taken back any more. */
  commit(): void {
    this.#inverses = [];
  }

  /** Takes everything back, last effect first; every inverse is tried. Returns what could not be taken back. */
  rollback(): unknown[] {
    const inverses = this.#inverses.reverse();
    this.#inverses = [];
    return settle(inverses);
  }
}

/** Runs every step whatever the others do, and returns what they threw: the shape of a teardown. */
export function settle(steps: readonly (() => void)[]): unknown[] {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}
