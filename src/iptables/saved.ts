/** A table as iptables-save prints it. */
export class Saved {
  readonly #chains: ReadonlyMap<string, readonly string[]>;

  /** Of each chain the rules without "-A CHAIN ". */
  constructor(chains: ReadonlyMap<string, readonly string[]>) {
    this.#chains = chains;
  }

  static parse(text: string): Saved {
    const chains = new Map<string, string[]>();
    for (const line of text.split("\n")) {
      const end = line.indexOf(" ", 3);
      if (line.startsWith(":")) chains.set(line.slice(1, line.indexOf(" ")), []);
      else if (line.startsWith("-A ")) chains.get(line.slice(3, end))?.push(line.slice(end + 1));
    }
    return new Saved(chains);
  }

  /** What is left of it after commands "-D CHAIN RULE". */
  without(deletions: readonly string[]): Saved {
    const gone = new Set(deletions);
    return new Saved(
      new Map(
        [...this.#chains].map(([chain, rules]) => [chain, rules.filter((rule) => !gone.has(`-D ${chain} ${rule}`))]),
      ),
    );
  }

  has(chain: string): boolean {
    return this.#chains.has(chain);
  }

  /** Its rules without "-A CHAIN ", in order; none of a chain that is not there. */
  rules(chain: string): readonly string[] {
    return this.#chains.get(chain) ?? [];
  }

  /** Whether the other's chains and rules are the same, whatever the counters. */
  equals(other: Saved): boolean {
    return JSON.stringify([...this.#chains]) === JSON.stringify([...other.#chains]);
  }
}
