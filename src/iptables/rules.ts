import { type Family, familyOf, formatIp, formatPrefix, type Ip, networkOf, type Prefix } from "../base/ip.ts";
import type { Owner } from "../base/owner.ts";

/** The rules of the iptables backend in the words of iptables-save, laid out as the reference lays them out. Pure. */

const MULTICAST: Record<Family, string> = { 4: "224.0.0.0/4", 6: "ff00::/8" };

/** What a comment holds (XT_MAX_COMMENT_LEN without its NUL). */
const COMMENT_MAX = 255;

/** One rule: its chain and the rest, as it is given to iptables, and how to know it in iptables-save. */
export interface IptablesRule {
  readonly text: string;
  readonly is: (line: string) => boolean;
}

/** The rules of `chain` that masquerade `addresses`, all of one family, in the order in which the reference appends them. */
export function rulesFor(chain: string, owner: Owner, addresses: readonly Prefix[]): IptablesRule[] {
  const comment = `-m comment --comment "${commentOf(owner)}"`;
  const rule = (head: string, target: string): IptablesRule => ({
    text: `${head} -j ${target} ${comment}`,
    is: (line) => line.startsWith(`-A ${head} `) && line.endsWith(` -j ${target}`),
  });
  const rules = addresses.flatMap(({ ip, length }) => {
    const family = familyOf(ip);
    const subnet = formatPrefix({ ip: networkOf({ ip, length }), length });
    return [
      rule(`${chain} -d ${subnet}`, "ACCEPT"),
      rule(`${chain} ! -d ${MULTICAST[family]}`, "MASQUERADE"),
      rule(`POSTROUTING -s ${formatIp(ip)}/${8 * ip.length}`, chain),
    ];
  });
  return rules.filter(({ text }, index) => rules.findIndex((other) => other.text === text) === index);
}

/** The reference's comment in the quotes of iptables-save; names and IDs have no characters to quote. */
function commentOf({ network, containerId }: Owner): string {
  return `name: "${network}" id: "${containerId}"`.slice(0, COMMENT_MAX).replaceAll('"', '\\"');
}

/** What iptables-restore --noflush is given: all commands or none. */
export function nat(...commands: string[]): string {
  return restoring("nat", commands);
}

/** The same for the table filter. */
export function filter(...commands: string[]): string {
  return restoring("filter", commands);
}

function restoring(table: string, commands: readonly string[]): string {
  return [`*${table}`, ...commands, "COMMIT", ""].join("\n");
}

/** The lines of iptables-save that say something of `chain`. */
export function linesOf(chain: string, saved: string): string[] {
  return saved.split("\n").filter((line) => line.split(" ").some((word) => word === chain || word === `:${chain}`));
}

/**
 * The commands that remove `chain` and the rules that jump to it, as iptables-save has them; none when there is none.
 * With `addresses` those of others stay, and the chain with them.
 */
export function removalOf(chain: string, saved: string, addresses?: readonly Ip[]): string[] {
  const lines = linesOf(chain, saved);
  if (lines.length === 0) return [];
  const jumps = lines.filter((line) => line.endsWith(` -j ${chain}`));
  const sources = addresses?.map((ip) => ` -s ${formatIp(ip)}/${8 * ip.length} `);
  const gone = jumps.filter((line) => !sources || sources.some((source) => line.includes(source)));
  const removal = gone.map((line) => line.replace(/^-A /, "-D "));
  return gone.length < jumps.length ? removal : [...removal, `-F ${chain}`, `-X ${chain}`];
}
