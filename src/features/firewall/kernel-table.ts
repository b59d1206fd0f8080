import type { Family } from "../../base/ip.ts";
import type { Client } from "../../host/nft.ts";
import type { Table } from "../../iptables/edit.ts";
import { Saved } from "../../iptables/saved.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { countRules } from "../../nft/count-rules.ts";
import { type FoundRule, findChain, listRules } from "../../nft/find.ts";
import { RawRules } from "../../nft/raw-rules.ts";
import { type About, rulesAbout } from "./about.ts";
import { ACCEPTED, FORWARD, PUBLISHED, type Spec, STAGE_1, STAGE_2 } from "./layout.ts";
import { exprsOf, specOf } from "./spec.ts";

/** Chains whose every rule must be understood; of others' only what is understood counts. */
const OWN = [ACCEPTED, PUBLISHED, STAGE_1, STAGE_2];

/** How many rules are read: of more, those alone that are about one attachment, or all by iptables-save, which is quicker. */
const MANY = 64;

/** What of the table is wanted. */
export interface Limits {
  /** The chain of the operator's rules, where rules are to be made. */
  readonly adminChain?: string;
  /** Absent: everybody's rules. */
  readonly about?: About;
}

/**
 * The table filter of iptables on nf_tables, read from the kernel and changed in it without a program: each costs
 * milliseconds. Whatever is not understood, and to make what many share, is left to `programs`.
 */
export class KernelTable implements Table {
  readonly #client: Client;
  readonly #family: "ip" | "ip6";
  readonly #programs: Table;
  readonly #adminChain: string | undefined;
  readonly #about: About | undefined;
  /** By "-D CHAIN RULE". */
  #handles = new Map<string, number[]>();
  /** Whether what is there has been read here: then it is as here that rules are made. */
  #understood = false;

  /** With `adminChain` FORWARD is read, too, as what makes rules needs it. */
  constructor(client: Client, family: Family, programs: Table, { adminChain, about }: Limits = {}) {
    this.#client = client;
    this.#family = family === 4 ? "ip" : "ip6";
    this.#programs = programs;
    this.#adminChain = adminChain;
    this.#about = about;
  }

  read(): Saved {
    this.#handles = new Map();
    this.#understood = false;
    const isMuch = OWN.reduce((sum, chain) => sum + this.#countOf(chain), 0) > MANY;
    const some = isMuch && this.#about ? this.#rulesAbout(this.#about) : undefined;
    if (isMuch && !some) return this.#programs.read();
    const chains = new Map<string, readonly Spec[]>();
    for (const chain of [...(this.#adminChain === undefined ? [] : [FORWARD]), ...OWN]) {
      const rules = some?.get(chain) ?? this.#specsOf(chain, this.#rulesOf(chain));
      if (!rules) return this.#programs.read();
      if (rules.length > 0 || this.#has(chain)) chains.set(chain, rules);
    }
    if (this.#adminChain !== undefined && this.#has(this.#adminChain)) chains.set(this.#adminChain, []);
    this.#understood = true;
    return new Saved(chains);
  }

  apply(commands: readonly string[], lock: number | undefined): void {
    const batch = new Batch(this.#family, "filter");
    if (commands.every((command) => this.#put(batch, command))) run(this.#client, batch);
    else this.#programs.apply(commands, lock);
  }

  /** Whether the command is one that can be done here: to put a rule at an end of its chain, or to delete what has been read. */
  #put(batch: Batch, command: string): boolean {
    const [, verb, chain = "", spec = ""] = /^(-A|-I|-D) (\S+) (?:1 )?(.*)$/.exec(command) ?? [];
    if (verb === "-D") {
      const handle = this.#handles.get(command)?.shift();
      if (handle !== undefined) batch.delete({ kind: "handle", chain, handle });
      return handle !== undefined;
    }
    const exprs = this.#understood && spec !== "" ? exprsOf(spec) : undefined;
    if (!exprs) return false;
    const rule = { kind: "rule", chain, statements: [{ text: spec, exprs }] } as const;
    if (verb === "-I") batch.insert(rule);
    else batch.add(rule);
    return true;
  }

  #countOf(chain: string): number {
    return countRules(this.#client, { family: this.#family, table: "filter", chain });
  }

  #has(chain: string): boolean {
    return findChain(this.#client, this.#family, "filter", chain) !== undefined;
  }

  #rulesOf(chain: string): readonly FoundRule[] {
    return listRules(this.#client, this.#family, "filter", chain);
  }

  /**
   * Of the long chains the rules that are about an attachment; undefined where they do not say what is to be done with those
   * of its bridge, or something is not understood.
   */
  #rulesAbout(about: About): ReadonlyMap<string, readonly Spec[]> | undefined {
    const rawOf = (chain: string) => RawRules.list(this.#client, { family: this.#family, table: "filter", chain });
    const rules = rulesAbout(about, rawOf(PUBLISHED), rawOf(ACCEPTED));
    const published = rules && this.#specsOf(PUBLISHED, rules.published);
    const accepted = rules && this.#specsOf(ACCEPTED, rules.accepted);
    return (
      published &&
      accepted &&
      new Map([
        [PUBLISHED, published],
        [ACCEPTED, accepted],
      ])
    );
  }

  /** Undefined where something is not understood. */
  #specsOf(chain: string, rules: readonly FoundRule[]): Spec[] | undefined {
    const specs: Spec[] = [];
    for (const { handle, exprs } of rules) {
      const spec = specOf(exprs);
      if (spec === undefined && chain !== FORWARD) return undefined;
      specs.push(spec ?? "");
      const command = `-D ${chain} ${spec}`;
      this.#handles.set(command, [...(this.#handles.get(command) ?? []), handle]);
    }
    return specs;
  }
}
