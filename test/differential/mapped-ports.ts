/** Which host ports lead where, by whatever rules; and iptables' rules of portmap as they stand. */
import { attempt } from "../support/command.ts";
import { portMapElements } from "../support/port-map.ts";
import type { Side } from "./side.ts";

export interface MappedPorts {
  /** "tcp 8080", "udp 192.0.2.2 53", with "ip" or "ip6" before → "10.77.0.9:80 (ct-0)": whose it is. */
  readonly ports: Record<string, string>;
  /** Family and chain → its rules, a line each. */
  readonly iptables: Record<string, string>;
}

export function mappedPorts({ lab, host }: Side): MappedPorts {
  const iptables = { ...chainsOf(host, "ip", "iptables-save"), ...chainsOf(host, "ip6", "ip6tables-save") };
  const found = [
    ...inChains(iptables),
    ...inRuleset(attempt(host, "nft", "list", "ruleset").stdout),
    ...portMapElements(lab, "ports", "addresses").map(ofElement),
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
    const [, declared] = /^:(CNI-\S+) /.exec(line) ?? [];
    if (declared) chains[`${family} ${declared}`] ??= "";
    if (chain && rule && line.includes("CNI-")) {
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

/** The reference's nftables backend. */
function inRuleset(ruleset: string): Found[] {
  let family = "";
  return ruleset.split("\n").flatMap((line): Found[] => {
    family = /^table (\S+) /.exec(line)?.[1] ?? family;
    const [, hostIp, protocol = "", port = "", to, id] =
      /(?:daddr (\S+) )?(\w+) dport (\d+) dnat to (\S+) comment "(.*)"/.exec(line) ?? [];
    return to ? [[portOf(family, protocol, hostIp, port), `${to} (${id})`]] : [];
  });
}

/** "ip ports: tcp . 8080 → 10.1.2.3 . 80 (id)", or "ip addresses: 192.0.2.2 . tcp . 8080 → …". */
function ofElement(element: string): Found {
  const [, family = "", hostIp, protocol = "", port = "", ip, to, id] =
    /^(\S+) \S+: (?:(\S+) \. )?(\w+) \. (\d+) → (\S+) \. (\d+) \((.*)\)$/.exec(element) ?? [];
  return [portOf(family, protocol, hostIp, port), `${family === "ip6" ? `[${ip}]` : ip}:${to} (${id})`];
}
