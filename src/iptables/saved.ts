/** Of how many rules a set is made: fewer are looked through sooner. */
const MANY = 64;

/** A table as iptables-save prints it. */
export class Saved {
  readonly #chains: ReadonlyMap<string, readonly string[]>;
  /** Of the long chains that were asked for single rules. */
  readonly #sets = new Map<string, ReadonlySet<string>>();

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

  /** Whether there is such a rule in the chain. It may be asked for each of thousands. */
  includes(chain: string, rule: string): boolean {
    const rules = this.rules(chain);
    if (rules.length <= MANY) return rules.includes(rule);
    const set = this.#sets.get(chain) ?? new Set(rules);
    this.#sets.set(chain, set);
    return set.has(rule);
  }

  /** Whether the other's chains and rules are the same, whatever the counters. */
  equals(other: Saved): boolean {
    return JSON.stringify([...this.#chains]) === JSON.stringify([...other.#chains]);
  }
}
