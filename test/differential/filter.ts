import type { Json } from "../support/command.ts";
import type { Side } from "./side.ts";

/** iptables' table filter of both families: chain → rule → true. Chains of the kernel only where they have rules. */
export function filterOf({ lab, host }: Side): Json {
  return Object.fromEntries(
    (["ip", "ip6"] as const).flatMap((family) => {
      const saved = lab
        .attempt(host, `${family === "ip" ? "ip" : "ip6"}tables-save`, "-t", "filter")
        .stdout.split("\n");
      const chains = saved.flatMap((line) => /^:(\S+) /.exec(line)?.[1] ?? []);
      return chains.flatMap((chain): [string, Json][] => {
        const rules = saved.flatMap((line) => (line.startsWith(`-A ${chain} `) ? [line.slice(4 + chain.length)] : []));
        if (rules.length === 0 && /^(INPUT|FORWARD|OUTPUT)$/.test(chain)) return [];
        return [
          [
            `${family} ${chain}`,
            { ...Object.fromEntries(rules.map((rule) => [rule, true])), ...orderOf(chain, rules) },
          ],
        ];
      });
    }),
  );
}

/** What must come before what: in FORWARD all, in the chain of the addresses the operator's own. */
function orderOf(chain: string, rules: readonly string[]): Json {
  const known = rules.filter((rule) => !rule.includes("CNI-PUBLISHED"));
  if (chain === "FORWARD") return { order: known.join("\n") };
  return chain === "CNI-FORWARD" ? { order: known.slice(0, 1).join() } : {};
}
