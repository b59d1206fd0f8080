import type { FoundRule } from "../../../nft/find.ts";
import type { ChainRules } from "../facts.ts";
import type { Packet } from "./packet.ts";
import { type Action, opinionOf } from "./rule.ts";

/** How a packet fares in a chain that packets enter by themselves. */
export interface Fate {
  /** What decided; "nothing": it went through to the policy, which accepts. */
  readonly action: Action;
  /** Where: in which chain, and by which rule; undefined: by the policy. */
  readonly chain: ChainRules;
  readonly rule: FoundRule | undefined;
  /** Whether no rule before it asked what is not known here, and might have decided otherwise. */
  readonly isSure: boolean;
}

/** How deep chains may jump, as in the kernel (NFT_JUMP_STACK_SIZE). */
const DEPTH = 16;

/** What a chain does that was not read, by its name. */
export type Assumed = Readonly<Record<string, Action>>;

/** Follows a packet through a base chain and those that it jumps to, of `chains`; `assumed` of some that were not read. */
export function fateIn(base: ChainRules, chains: readonly ChainRules[], packet: Packet, assumed: Assumed = {}): Fate {
  const walk = new Walk(base, chains, packet, assumed);
  const decided = walk.chain(base, DEPTH);
  if (decided) return decided;
  const action: Action = base.base?.policy === "drop" ? { does: "drop" } : { does: "nothing" };
  return { action, chain: base, rule: undefined, isSure: walk.isSure };
}

class Walk {
  isSure = true;
  readonly #base: ChainRules;
  readonly #chains: readonly ChainRules[];
  readonly #packet: Packet;

  readonly #assumed: Assumed;

  constructor(base: ChainRules, chains: readonly ChainRules[], packet: Packet, assumed: Assumed) {
    this.#assumed = assumed;
    this.#base = base;
    this.#chains = chains;
    this.#packet = packet;
  }

  /** What decides in a chain; undefined: nothing does, and it goes on in the one that jumped to it. */
  chain(chain: ChainRules, depth: number): Fate | undefined {
    for (const rule of chain.rules) {
      const { matches, action } = opinionOf(rule.exprs, this.#packet);
      if (matches === false || action.does === "nothing") continue;
      const isCertain = matches === true;
      if (action.does === "return" && isCertain) return undefined;
      if (action.does === "jump" || action.does === "goto") {
        const decided = this.#follow(action.chain, depth, isCertain, chain, rule);
        if (decided) return decided;
        if (action.does === "goto" && isCertain) return undefined;
      } else if (isCertain) return { action, chain, rule, isSure: this.isSure };
      else this.isSure = false;
    }
    return undefined;
  }

  #follow(name: string, depth: number, isCertain: boolean, from: ChainRules, rule: FoundRule): Fate | undefined {
    const { family, table } = this.#base;
    const assumed = this.#assumed[name];
    if (assumed?.does === "nothing") return undefined;
    if (assumed && isCertain) return { action: assumed, chain: from, rule, isSure: this.isSure };
    const next = this.#chains.find((one) => one.name === name && one.table === table && one.family === family);
    if (!next || depth === 0) {
      // Rules that were not read may decide anything.
      this.isSure = false;
      return undefined;
    }
    const decided = this.chain(next, depth - 1);
    if (decided && !isCertain) {
      this.isSure = false;
      return undefined;
    }
    return decided;
  }
}
