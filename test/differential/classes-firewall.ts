/** Intended differences of firewall. */
import { differentEnd, failed, onlyBerth, onlyReference, says } from "./class-words.ts";
import type { DifferenceClass, Pair, Seen } from "./classes.ts";
import type { Difference } from "./diff.ts";

const isFirewall = ({ one }: Pair) => one.plugin === "firewall";

/** The chain and the rule, where the difference is one of the table filter. */
function ruleOf({ path: [where, what, chain = "", rule = ""] }: Difference): readonly [chain: string, rule: string] {
  return where === "host" && what === "filter" ? [chain.replace(/^ip6? /, ""), rule] : ["", ""];
}

const isAccept = (d: Difference) => ruleOf(d)[0] === "CNI-FORWARD" && / -j ACCEPT$/.test(ruleOf(d)[1]);
const quietly = ({ berth, reference }: Pair) => !failed(berth) && !failed(reference);

/** The comments of the rules of published ports: whose they are. */
function published({ after }: Seen, word: string): boolean {
  const chains = Object.entries(after.host.filter ?? {}).filter(([chain]) => chain.endsWith(" CNI-PUBLISHED"));
  return chains.some(([, rules]) => Object.keys(rules as object).some((rule) => rule.includes(word)));
}

export const FIREWALL: readonly DifferenceClass[] = [
  {
    name: "firewall-published-ports",
    cosmetic: true,
    explains: (d, pair) =>
      isFirewall(pair) &&
      d.reference === undefined &&
      (ruleOf(d)[0] === "CNI-PUBLISHED" || ruleOf(d)[1].endsWith(" -j CNI-PUBLISHED")),
  },
  {
    name: "firewall-isolation-goes",
    cosmetic: true,
    explains: (d, pair) => {
      const [chain, rule] = ruleOf(d);
      const bridge = / -?o (\S+) /.exec(` ${rule}`)?.[1] ?? "";
      return (
        isFirewall(pair) &&
        d.berth === undefined &&
        chain.startsWith("CNI-ISOLATION") &&
        bridge !== "" &&
        !published(pair.berth, `bridge: ${bridge}, `)
      );
    },
  },
  {
    name: "firewall-check-changes-nothing",
    cosmetic: true,
    explains: (d, pair) =>
      isFirewall(pair) &&
      d.berth === undefined &&
      d.path[1] === "filter" &&
      d.path.length === 3 &&
      /^\{("order":"")?\}$/.test(JSON.stringify(d.reference)),
  },
  {
    name: "firewall-del-by-owner",
    cosmetic: false,
    explains: (d, pair) =>
      isFirewall(pair) && pair.step.verb === "DEL" && quietly(pair) && isAccept(d) && d.berth === undefined,
  },
  differentEnd(
    "firewall-del-by-owner",
    "DEL",
    (pair) => isFirewall(pair) && onlyBerth(pair) && pair.conf.backend === "firewalld",
  ),
  {
    name: "firewall-spares-others",
    cosmetic: false,
    explains: (d, pair) =>
      isFirewall(pair) &&
      pair.step.verb === "DEL" &&
      quietly(pair) &&
      isAccept(d) &&
      d.reference === undefined &&
      published(pair.berth, ` ${/^-[ds] (\S+)/.exec(ruleOf(d)[1])?.[1]} `),
  },
  {
    name: "firewall-add-replaces",
    cosmetic: false,
    explains: (d, pair) =>
      isFirewall(pair) && pair.step.verb === "ADD" && quietly(pair) && isAccept(d) && d.berth === undefined,
  },
  differentEnd(
    "firewall-checks-isolation",
    "CHECK",
    (pair) =>
      isFirewall(pair) &&
      onlyReference(pair) &&
      (says(pair.berth, /table filter has not: -[AIN] .*CNI-(ISOLATION|PUBLISHED)/) ||
        says(pair.berth, /ingress policy/)),
  ),
];
