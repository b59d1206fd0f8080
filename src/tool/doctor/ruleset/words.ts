import type { FoundRule } from "../../../nft/find.ts";
import type { ChainRules } from "../facts.ts";
import { command } from "../text/shell.ts";

/** Chains and rules of others, in the words of the program that shows them. */

export function chainText({ family, table, name, legacy }: ChainRules): string {
  return legacy ? `chain ${name} of the old iptables (${legacy.tool})` : `chain ${name} of table ${family} ${table}`;
}

/** The command that shows the chain. */
export function showing({ family, table, name, legacy }: ChainRules): string {
  return legacy ? command(legacy.tool, "-t", table, "-S", name) : `nft -a list chain ${family} ${table} ${name}`;
}

export function ruleText({ legacy }: ChainRules, { handle }: FoundRule): string {
  return legacy ? `its rule number ${handle}` : `its rule with handle ${handle}`;
}

/** The command that deletes the rule, whatever others have changed meanwhile. */
export function deletion({ family, table, name, legacy }: ChainRules, { handle }: FoundRule): string {
  if (!legacy) return command("nft", "delete", "rule", family, table, name, "handle", `${handle}`);
  return command(legacy.tool, "-t", table, "-D", name, ...(legacy.rules[handle - 1] ?? []));
}
