import * as sys from "#sys";
import { attempt } from "../../../base/attempt.ts";
import type { Family } from "../../../base/ip.ts";
import { hasLegacyTable } from "../../../iptables/legacy.ts";
import type { Base } from "../../../nft/objects.ts";
import { findProgram } from "../../../sys/find-program.ts";
import type { ChainRules } from "../facts.ts";
import { exprsOf, wordsOf } from "../ruleset/legacy.ts";

/** Chains of the old iptables, whose rules are not nf_tables'. */

const TOOLS = { 4: "iptables-legacy", 6: "ip6tables-legacy" } as const satisfies Record<Family, string>;

const DIRECTORIES = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

type Hooked = Omit<Base, "policy">;

/** The chains that containers' packets pass, by their tables (NF_IP_PRI_* of the kernel). */
const HOOKED: Readonly<Record<string, Readonly<Record<string, Hooked>>>> = {
  filter: { FORWARD: { type: "filter", hook: "forward", priority: 0 } },
  nat: {
    PREROUTING: { type: "nat", hook: "prerouting", priority: -100 },
    POSTROUTING: { type: "nat", hook: "postrouting", priority: 100 },
  },
};

/**
 * Asked only where the kernel says that there is such a table: whoever asks makes it. Without the chains that `isLeftOut` names.
 * What cannot be looked at `unseen` is told.
 */
export function legacyChains(isLeftOut: (chain: string) => boolean, unseen: (line: string) => void): ChainRules[] {
  return ([4, 6] as const).flatMap((family) =>
    Object.entries(HOOKED).flatMap(([table, hooked]) => {
      if (!attempt(() => hasLegacyTable(family, table))) return [];
      const tool = TOOLS[family];
      const path = findProgram([tool], DIRECTORIES);
      const answer =
        path && attempt(() => sys.run(path, { args: ["-w", "1", "-t", table, "-S"], env: [], timeout: 3000 }));
      if (answer && answer.status === 0) return chainsIn(answer.stdout, family, table, hooked, isLeftOut);
      unseen(`${tool} -t ${table} -S: ${answer ? answer.stderr.trim() : "there is no such program"}`);
      return [];
    }),
  );
}

function chainsIn(
  text: string,
  family: Family,
  table: string,
  hooked: Readonly<Record<string, Hooked>>,
  isLeftOut: (chain: string) => boolean,
): ChainRules[] {
  const lines = text.split("\n").map(wordsOf);
  const names = lines.flatMap(([verb, name = ""]) => (verb === "-P" || verb === "-N" ? [name] : []));
  const policies = new Map(lines.flatMap(([verb, name = "", policy]) => (verb === "-P" ? [[name, policy]] : [])));
  const rules = new Map(names.map((name): [string, string[][]] => [name, []]));
  for (const [verb, name = "", ...words] of lines) if (verb === "-A") rules.get(name)?.push(words);
  return names.flatMap((name): ChainRules[] => {
    const at = hooked[name];
    if (isLeftOut(name) || (policies.has(name) && !at)) return [];
    const base = at && ({ ...at, policy: policies.get(name) === "DROP" ? "drop" : "accept" } as const);
    const own = rules.get(name) ?? [];
    const found = own.map((words, i) => {
      return { handle: i + 1, comment: "", exprs: exprsOf(words, family, (target) => names.includes(target)) };
    });
    const legacy = { tool: TOOLS[family], rules: own };
    return [{ family: family === 4 ? "ip" : "ip6", table, name, base, rules: found, legacy }];
  });
}
