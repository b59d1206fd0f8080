/** Intended differences of firewall. */
import { hasPlugin } from "./case.ts";
import { differentEnd, failed, onlyBerth, onlyReference, says } from "./class-words.ts";
import type { DifferenceClass, Pair, Seen } from "./classes.ts";
import type { Difference } from "./diff.ts";

const isFirewall = ({ one }: Pair) => one.plugin === "firewall";
/** Its rules are there while others of its chain are called, too. */
const hasFirewall = ({ one }: Pair) => hasPlugin(one, "firewall");

/** The chain and the rule, where the difference is one of the table filter. */
function ruleOf({ path: [where, what, chain = "", rule = ""] }: Difference): readonly [chain: string, rule: string] {
  return where === "host" && what === "filter" ? [chain.replace(/^ip6? /, ""), rule] : ["", ""];
}

const isAccept = (d: Difference) => ruleOf(d)[0] === "CNI-FORWARD" && / -j ACCEPT$/.test(ruleOf(d)[1]);
const quietly = ({ berth, reference }: Pair) => !failed(berth) && !failed(reference);

/** Whether a rule of the published ports, whose comments say whose they are, has the word in the difference's family. */
function published({ after }: Seen, { path }: Difference, word: string): boolean {
  const rules = after.host.filter?.[`${path[2]?.split(" ")[0]} CNI-PUBLISHED`] ?? {};
  return Object.keys(rules).some((rule) => rule.includes(word));
}

export const FIREWALL: readonly DifferenceClass[] = [
  {
    name: "firewall-published-ports",
    cosmetic: true,
    explains: (d, pair) =>
      hasFirewall(pair) &&
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
        hasFirewall(pair) &&
        d.berth === undefined &&
        chain.startsWith("CNI-ISOLATION") &&
        bridge !== "" &&
        !published(pair.berth, d, `bridge: ${bridge}, `)
      );
    },
  },
  {
    name: "firewall-check-changes-nothing",
    cosmetic: true,
    explains: (d, pair) =>
      hasFirewall(pair) &&
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
      published(pair.berth, d, ` ${/^-[ds] (\S+)/.exec(ruleOf(d)[1])?.[1]} `),
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
  differentEnd(
    "firewall-reads-all",
    undefined,
    (pair) => isFirewall(pair) && onlyReference(pair) && says(pair.berth, /iptablesAdminChainName/),
  ),
];
