/** Which host ports lead where, by whatever rules; and iptables' rules of portmap as they stand. */
import { attempt } from "../support/command.ts";
import { portMapElements } from "../support/port-map.ts";
import type { Side } from "./side.ts";

export interface MappedPorts {
  /**
   * "tcp 8080", "udp 192.0.2.2 53", with "ip" or "ip6" before → "10.77.0.9:80 (ct-0)": whose it is. What is under a condition in
   * nft's words has it behind: "ip tcp 8080 where ip saddr 192.0.2.0/24".
   */
  readonly ports: Record<string, string>;
  /** Family and chain → its rules, a line each. */
  readonly iptables: Record<string, string>;
}

export function mappedPorts({ lab, host }: Side): MappedPorts {
  const iptables = { ...chainsOf(host, "ip", "iptables-save"), ...chainsOf(host, "ip6", "ip6tables-save") };
  const ruleset = attempt(host, "nft", "list", "ruleset").stdout;
  const conditions = conditionsIn(ruleset);
  const elements = portMapElements(lab).filter((element) => /^\S+ (ports|addresses)(-[0-9a-f]{12})?:/.test(element));
  const found = [
    ...inChains(iptables),
    ...inRuleset(ruleset, conditions),
    ...elements.map((element) => ofElement(element, conditions)),
  ];
  // The first one is the one that counts.
  return { ports: Object.fromEntries(found.reverse()), iptables };
}

type Found = [port: string, target: string];

function portOf(family: string, protocol: string, hostIp: string | undefined, hostPort: string): string {
  return [family, protocol, hostIp?.replace(/\/\d+$/, ""), hostPort].filter(Boolean).join(" ");
}

function chainsOf(host: string, family: string, command: string): Record<string, string> {
  const chains: Record<string, string> = {};
  for (const line of attempt(host, command, "-t", "nat").stdout.split("\n")) {
    const [, chain, rule] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    const [, declared] = /^:(CNI-(?:HOSTPORT|DN)-\S+) /.exec(line) ?? [];
    if (declared) chains[`${family} ${declared}`] ??= "";
    // Masquerading has chains of its own there, called after no more than a number.
    if (chain && rule && /CNI-(HOSTPORT|DN)-/.test(line)) {
      const name = `${family} ${chain}`;
      chains[name] = chains[name] ? `${chains[name]}\n${rule}` : rule;
    }
  }
  return chains;
}

/** Chain by chain as those of containers are entered: the first that has a port has it. */
function inChains(iptables: Record<string, string>): Found[] {
  return ["ip", "ip6"].flatMap((family) => {
    const entries = (iptables[`${family} CNI-HOSTPORT-DNAT`] ?? "").split("\n");
    return entries.flatMap((entry): Found[] => {
      const [, id = ""] = /id: \\"(.*?)\\"/.exec(entry) ?? [];
      const [, protocol] = /-p (\S+)/.exec(entry) ?? [];
      const [, chain] = /-j (\S+)$/.exec(entry) ?? [];
      const rules = (iptables[`${family} ${chain}`] ?? "").split("\n");
      return rules.flatMap((rule): Found[] => {
        const [, to] = /-j DNAT --to-destination (\S+)$/.exec(rule) ?? [];
        const [, port = ""] = /--dport (\d+)/.exec(rule) ?? [];
        if (!to || !rule.includes(`-p ${protocol} `)) return [];
        return [[portOf(family, protocol ?? "", /-d (\S+)/.exec(rule)?.[1], port), `${to} (${id})`]];
      });
    });
  });
}

/**
 * Family and chain → " where " and the condition under which it is entered: berth's of each condition, and the reference's of
 * all in a family.
 */
function conditionsIn(ruleset: string): Record<string, string> {
  const found: Record<string, string> = {};
  let family = "";
  for (const line of ruleset.split("\n")) {
    family = /^table (\S+) /.exec(line)?.[1] ?? family;
    const [, own, chain] = /^\s+(.+) jump (hostports-[0-9a-f]+)$/.exec(line) ?? [];
    const [, all] = /^\s+(.*?) fib daddr type local jump hostports_all$/.exec(line) ?? [];
    if (own) found[`${family} ${chain}`] = ` where ${own}`;
    if (all) found[`${family} hostports_all`] = ` where ${all}`;
  }
  return found;
}

/** The reference's nftables backend. */
function inRuleset(ruleset: string, conditions: Record<string, string>): Found[] {
  let family = "";
  return ruleset.split("\n").flatMap((line): Found[] => {
    family = /^table (\S+) /.exec(line)?.[1] ?? family;
    const [, hostIp, protocol = "", port = "", to, id] =
      /(?:daddr (\S+) )?(\w+) dport (\d+) dnat to (\S+) comment "(.*)"/.exec(line) ?? [];
    const where = conditions[`${family} hostports_all`] ?? "";
    return to ? [[portOf(family, protocol, hostIp, port) + where, `${to} (${id})`]] : [];
  });
}

/** "ip ports: tcp . 8080 → 10.1.2.3 . 80 (id)", or "ip addresses: 192.0.2.2 . tcp . 8080 → …". */
function ofElement(element: string, conditions: Record<string, string>): Found {
  const [, family = "", map = "", hostIp, protocol = "", port = "", ip, to, id] =
    /^(\S+) (\S+): (?:(\S+) \. )?(\w+) \. (\d+) → (\S+) \. (\d+) \((.*)\)$/.exec(element) ?? [];
  const where = conditions[`${family} ${map.replace(/^[a-z]+/, "hostports")}`] ?? "";
  return [portOf(family, protocol, hostIp, port) + where, `${family === "ip6" ? `[${ip}]` : ip}:${to} (${id})`];
}
