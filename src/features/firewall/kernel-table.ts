import type { Family } from "../../base/ip.ts";
import type { Client } from "../../host/nft.ts";
import type { Table } from "../../iptables/edit.ts";
import { Saved } from "../../iptables/saved.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { countRules } from "../../nft/count-rules.ts";
import { findChain, listRules } from "../../nft/find.ts";
import { ACCEPTED, FORWARD, PUBLISHED, type Spec, STAGE_1, STAGE_2 } from "./layout.ts";
import { specOf } from "./spec.ts";

/** Chains whose every rule must be understood; of others' only what is understood counts. */
const OWN = [ACCEPTED, PUBLISHED, STAGE_1, STAGE_2];

/** How many rules are read here: of more, iptables-save is quicker. */
const MANY = 64;

/**
 * The table filter of iptables on nf_tables, read from the kernel, and rules deleted in it, without a program: each costs
 * milliseconds. Whatever is not understood, and whatever is to be made, is left to `programs`.
 */
export class KernelTable implements Table {
  readonly #client: Client;
  readonly #family: "ip" | "ip6";
  readonly #programs: Table;
  readonly #adminChain: string | undefined;
  /** By "-D CHAIN RULE". */
  #handles = new Map<string, number[]>();

  /** With `adminChain` FORWARD is read, too, as what makes rules needs it. */
  constructor(client: Client, family: Family, programs: Table, adminChain?: string) {
    this.#client = client;
    this.#family = family === 4 ? "ip" : "ip6";
    this.#programs = programs;
    this.#adminChain = adminChain;
  }

  read(): Saved {
    this.#handles = new Map();
    if (OWN.reduce((sum, chain) => sum + this.#countOf(chain), 0) > MANY) return this.#programs.read();
    const chains = new Map<string, Spec[]>();
    for (const chain of [...(this.#adminChain === undefined ? [] : [FORWARD]), ...OWN]) {
      const rules = this.#rulesOf(chain);
      if (!rules) return this.#programs.read();
      if (rules.length > 0 || this.#has(chain)) chains.set(chain, rules);
    }
    if (this.#adminChain !== undefined && this.#has(this.#adminChain)) chains.set(this.#adminChain, []);
    return new Saved(chains);
  }

  apply(commands: readonly string[], lock: number | undefined): void {
    const handles = commands.map((command) => this.#handles.get(command)?.shift());
    if (handles.includes(undefined)) {
      this.#programs.apply(commands, lock);
      return;
    }
    const batch = new Batch(this.#family, "filter");
    commands.forEach((command, i) => {
      const [, chain = ""] = command.split(" ", 2);
      batch.delete({ kind: "handle", chain, handle: handles[i] ?? 0 });
    });
    run(this.#client, batch);
  }

  #countOf(chain: string): number {
    return countRules(this.#client, { family: this.#family, table: "filter", chain });
  }

  #has(chain: string): boolean {
    return findChain(this.#client, this.#family, "filter", chain) !== undefined;
  }

  /** Undefined where something is not understood. */
  #rulesOf(chain: string): Spec[] | undefined {
    const specs: Spec[] = [];
    for (const { handle, exprs } of listRules(this.#client, this.#family, "filter", chain)) {
      const spec = specOf(exprs);
      if (spec === undefined && chain !== FORWARD) return undefined;
      specs.push(spec ?? "");
      const command = `-D ${chain} ${spec}`;
      this.#handles.set(command, [...(this.#handles.get(command) ?? []), handle]);
    }
    return specs;
  }
}
