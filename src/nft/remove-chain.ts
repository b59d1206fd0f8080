import { EBUSY, ENOENT, isErrno } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import { Batch } from "./batch.ts";
import { run } from "./client.ts";
import { type FoundRule, findChain, listRules } from "./find.ts";
import type { Family } from "./objects.ts";

/** How often others may change a chain under a removal before it gives up. */
const ROUNDS = 5;

/** A chain that one base chain jumps to for its owner alone. */
export interface Branch {
  readonly family: Family;
  readonly table: string;
  /** The base chain. It may be long, and is read only if need be. */
  readonly trunk: string;
  readonly name: string;
  /** Chains that only the branch jumps to. */
  readonly twigs?: readonly string[];
  /** Which of the rules that jump to it are removed; while others are left, it stays. Absent: all. */
  readonly which?: (rule: FoundRule) => boolean;
}

/**
 * Removes the trunk's rules that jump to a branch and, if none is left, the branch with all its rules, in one transaction.
 * A branch that is not there counts as removed, at one request. Throws NetlinkError.
 */
export function removeBranch(client: Client, branch: Branch): void {
  for (let left = ROUNDS; findChain(client, branch.family, branch.table, branch.name); left--) {
    try {
      run(client, removalOf(client, branch));
      return;
    } catch (error) {
      if (left === 0 || !isErrno(error, ENOENT, EBUSY)) throw error;
    }
  }
}

function removalOf(client: Client, { family, table, trunk, name, twigs = [], which = () => true }: Branch): Batch {
  const jumps = listRules(client, family, table, trunk).filter(jumpsTo(name));
  const gone = jumps.filter(which);
  const batch = new Batch(family, table);
  for (const { handle } of gone) batch.delete({ kind: "handle", chain: trunk, handle });
  if (gone.length < jumps.length) return batch;
  batch.flush({ kind: "chain", name }).delete({ kind: "chain", name });
  for (const twig of twigs) batch.destroy({ kind: "chain", name: twig });
  return batch;
}

/** Whether a rule jumps to `chain`. */
export function jumpsTo(chain: string): (rule: FoundRule) => boolean {
  return ({ exprs }) => exprs.some((expr) => expr.name === "immediate" && expr.data.data?.verdict?.chain === chain);
}
