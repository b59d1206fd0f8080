/**
 * Who has what only one can have: an address with a port. Who came first has it; others wait, and get it when it is free. An owner is
 * a service.
 */
export class Claims {
  readonly #owners = new Map<string, string>();
  readonly #waiting = new Map<string, Set<string>>();

  /** Whether `owner` has it now. If not, it waits. */
  take(what: string, owner: string): boolean {
    const has = this.#owners.get(what) ?? owner;
    this.#owners.set(what, has);
    if (has === owner) this.#waitNoMore(what, owner);
    else this.#waiting.set(what, (this.#waiting.get(what) ?? new Set()).add(owner));
    return has === owner;
  }

  /** Gives up what `owner` has or waits for. Returns who waits for what is free now. */
  release(what: string, owner: string): Iterable<string> {
    this.#waitNoMore(what, owner);
    if (this.#owners.get(what) !== owner) return [];
    this.#owners.delete(what);
    return this.#waiting.get(what) ?? [];
  }

  #waitNoMore(what: string, owner: string): void {
    const waiting = this.#waiting.get(what);
    waiting?.delete(owner);
    if (waiting?.size === 0) this.#waiting.delete(what);
  }

  /** What somebody waits for, with who has it and who waits. */
  *conflicts(): Iterable<{ readonly what: string; readonly owner: string; readonly waiting: readonly string[] }> {
    for (const [what, waiting] of this.#waiting)
      yield { what, owner: this.#owners.get(what) ?? "", waiting: [...waiting] };
  }
}
