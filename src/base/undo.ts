/** The inverses of the effects of one call, to be run in reverse when it fails. */
export class Undo {
  #inverses: (() => void)[] = [];
  #releases: (() => void)[] = [];

  /**
   * Remembers how to take back an effect that has just happened, and was ours alone. `release` lets go of what is held for
   * that, where the inverse would.
   */
  push(inverse: () => void, release?: () => void): void {
    this.#inverses.push(inverse);
    if (release) this.#releases.push(release);
  }

  /** Nothing is to be taken back any more. Returns what could not be let go of. */
  commit(): unknown[] {
    this.#inverses = [];
    return settle(this.#releases.splice(0));
  }

  /** Takes everything back, last effect first; every inverse is tried. Returns what could not be taken back. */
  rollback(): unknown[] {
    const inverses = this.#inverses.reverse();
    this.#inverses = [];
    this.#releases = [];
    return settle(inverses);
  }
}

/** Runs every step whatever the others do, and returns what they threw: the shape of a teardown. */
export function settle(steps: readonly (() => void)[]): unknown[] {
  const failures: unknown[] = [];
  for (let i = 0; i < steps.length; i++) {
    try {
      steps[i]?.();
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}
