import { sha512 } from "#sys";
import { endpoint } from "../../base/endpoint.ts";
import { formatIp, formatPrefix, type Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import { familyOfIp } from "./nft-layout.ts";
import { isUnspecified } from "./nft-wanted.ts";
import { DNAT_TRUNK, dnatChain, FIRST } from "./reference.ts";
import type { IptablesWish, PortMapping, PortMapWish } from "./wish.ts";

/** The mappings as rules of iptables' table nat, laid out as the reference lays them out. Pure. */

const SETMARK = "CNI-HOSTPORT-SETMARK";
const MASQ = "CNI-HOSTPORT-MASQ";

/** How many ports one match of multiport holds. */
const PORTS = 15;

/** What a comment holds (XT_MAX_COMMENT_LEN without its NUL). */
const COMMENT_MAX = 255;

/**
 * The chain of an attachment. The reference does not tell the interfaces of a container apart: what is not eth0 has a chain of
 * its own here.
 */
export function chainOf(owner: Owner): string {
  if (owner.ifname === FIRST) return dnatChain(owner);
  return `CNI-DN-${sha512(`${owner.network}${owner.containerId} ${owner.ifname}`).slice(0, 21)}`;
}

/** A command and the line of iptables-save by which it is known that there is no need for it. */
interface Shared {
  readonly command: string;
  readonly line: RegExp;
}

/** What all containers share, in the order in which it must be made. */
function sharedRules({ snat, iptables }: PortMapWish & { readonly iptables: IptablesWish }): Shared[] {
  const chain = (name: string) => ({ command: `-N ${name}`, line: new RegExp(`^:${name} `, "m") });
  const enter = (from: string) => ({
    command: `-A ${from} -m addrtype --dst-type LOCAL -j ${DNAT_TRUNK}`,
    line: new RegExp(`^-A ${from} .*-j ${DNAT_TRUNK}$`, "m"),
  });
  const trunk = [chain(DNAT_TRUNK), enter("PREROUTING"), enter("OUTPUT")];
  if (!snat || iptables.setMarkChain !== undefined) return trunk;
  const mark = `0x${(2 ** iptables.markBit).toString(16)}/0x${(2 ** iptables.markBit).toString(16)}`;
  return [
    chain(SETMARK),
    {
      command: `-A ${SETMARK} -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark ${mark}`,
      line: new RegExp(`^-A ${SETMARK} .*--set-xmark ${mark}$`, "m"),
    },
    chain(MASQ),
    {
      command: `-A ${MASQ} -m mark --mark ${mark} -j MASQUERADE`,
      line: new RegExp(`^-A ${MASQ} .*--mark ${mark} -j MASQUERADE$`, "m"),
    },
    {
      // First, as what the bridge plugin masquerades would come before it.
      command: `-I POSTROUTING 1 -m comment --comment "CNI portfwd requiring masquerade" -j ${MASQ}`,
      line: new RegExp(`^-A POSTROUTING .*-j ${MASQ}$`, "m"),
    },
    ...trunk,
  ];
}

/** The commands for what is not in `saved`, as iptables-save has it. */
export function missingShared(wish: PortMapWish & { readonly iptables: IptablesWish }, saved: string): string[] {
  return sharedRules(wish).flatMap(({ command, line }) => (line.test(saved) ? [] : [command]));
}

/** The commands that make an attachment's chain, of which there is none yet, and lead to it. */
export function ownRules(
  wish: PortMapWish & { readonly iptables: IptablesWish },
  owner: Owner,
  address: Prefix,
): string[] {
  const chain = chainOf(owner);
  const family = familyOfIp(address.ip);
  const conditions = wish.iptables.conditions[family].map(quoted);
  const comment = commentOf(owner);
  // As in the reference, also the ports of mappings of the other family lead here, where no rule is theirs.
  const entries = grouped(wish.mappings).map(({ protocol, ports }) =>
    [
      `-A ${DNAT_TRUNK} -m comment --comment ${comment} -m multiport -p ${protocol} --destination-ports ${ports.join()}`,
      ...conditions,
      `-j ${chain}`,
    ].join(" "),
  );
  const own = mappingsOf(wish, address).flatMap((mapping) => mappingRules(chain, wish, mapping, address));
  // Of two that are the same the reference leaves out the second, as it is there.
  return [`-N ${chain}`, ...new Set([...own, ...entries])];
}

export function mappingsOf({ mappings }: PortMapWish, { ip }: Prefix): PortMapping[] {
  return mappings.filter(({ hostIp }) => !hostIp || hostIp.length === ip.length);
}

function mappingRules(
  chain: string,
  { snat, masqAll, iptables }: PortMapWish & { readonly iptables: IptablesWish },
  { protocol, hostPort, containerPort, hostIp }: PortMapping,
  address: Prefix,
): string[] {
  const isV4 = address.ip.length === 4;
  const to = hostIp && !isUnspecified(hostIp) ? ` -d ${formatIp(hostIp)}` : "";
  const base = `-A ${chain} -p ${protocol} --dport ${hostPort}${to}`;
  const all = isV4 ? "0.0.0.0/0" : "::/0";
  const sources = masqAll ? [all] : [formatPrefix(address), ...(isV4 ? ["127.0.0.1"] : [])];
  const marks = snat ? sources.map((source) => `${base} -s ${source} -j ${iptables.setMarkChain ?? SETMARK}`) : [];
  return [...marks, `${base} -j DNAT --to-destination ${endpoint(address.ip, containerPort)}`];
}

/** By protocol in the order of its name, in parts that one rule can name. */
function grouped(mappings: readonly PortMapping[]): { protocol: string; ports: number[] }[] {
  const protocols = [...new Set(mappings.map(({ protocol }) => protocol))].sort();
  return protocols.flatMap((protocol) => {
    const all = mappings.flatMap((one) => (one.protocol === protocol ? [one.hostPort] : []));
    const parts = Array.from({ length: Math.ceil(all.length / PORTS) }, (_, i) =>
      all.slice(PORTS * i, PORTS * (i + 1)),
    );
    return parts.map((ports) => ({ protocol, ports }));
  });
}

/** The reference's, as far as it fits, quoted. */
function commentOf({ network, containerId }: Owner): string {
  const text = `dnat name: "${network}" id: "${containerId}"`;
  return quoted(text.length <= COMMENT_MAX ? text : `${text.slice(0, COMMENT_MAX - 2)}...`);
}

/** A word as iptables-restore reads it. */
function quoted(word: string): string {
  return /^[\w!:.,/+=@%-]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`;
}

/** The chains of a network's attachments, by the comments of the rules that lead to them. */
export function chainsOfNetwork(network: string, saved: string): string[] {
  const marked = `--comment "dnat name: \\"${network}\\" id: `;
  const lines = saved.split("\n").filter((line) => line.startsWith(`-A ${DNAT_TRUNK} `) && line.includes(marked));
  return [...new Set(lines.map((line) => / -j (\S+)$/.exec(line)?.[1] ?? ""))].filter(Boolean);
}
