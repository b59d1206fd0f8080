import type { Ip } from "../../../base/ip.ts";
import type { Expr } from "../../../nft/expr.ts";
import { xtMatchOf } from "../../../nft/xtables.ts";
import { attrs } from "../../../wire/attrs.ts";
import { bytes, cstr, u32be } from "../../../wire/coder.ts";
import { Reader, u16At, u32At } from "../../../wire/cursor.ts";
import type { Packet } from "./packet.ts";

/** Matches and targets of iptables inside nf_tables (nft_compat), as far as they tell where a packet goes. */

const extension = attrs({ name: [1, cstr], revision: [2, u32be], info: [3, bytes] });

/** undefined: nobody here knows. */
export type Answer = boolean | undefined;

/** Whether a packet is what a match of iptables wants. */
export function xtMatches(expr: Expr & { name: "foreign" }, packet: Packet): Answer {
  const match = xtMatchOf(expr);
  if (match?.name === "comment") return true;
  if (match?.name === "conntrack") {
    if (match.direction !== undefined) return undefined;
    // XT_CONNTRACK_STATE_* are the bits of nft's states but for DNAT's, which a packet of ours has not.
    return (match.states & packet.state) !== 0;
  }
  const { name, revision, info = new Uint8Array() } = extension.decode(new Reader(expr.raw));
  if (name === "tcp" || name === "udp") return portsMatch(info, name === "tcp", packet);
  if (name === "addrtype" && revision === 1) return addrtypeMatches(info, packet);
  return undefined;
}

/**
 * struct xt_tcp: ports of the source and of the destination, each from and to, an option, two masks of flags, what is inverted.
 * struct xt_udp: the same without option and flags.
 */
function portsMatch(info: Uint8Array, isTcp: boolean, { port }: Packet): Answer {
  if (info.length < (isTcp ? 12 : 9) || u16At(info, 0) !== 0 || u16At(info, 2) !== 0xffff) return undefined;
  const rest = isTcp ? [info[8], info[9], info[11]] : [info[8]];
  if (rest.some((byte) => byte !== 0)) return undefined;
  return port >= u16At(info, 4) && port <= u16At(info, 6);
}

const XT_ADDRTYPE_LOCAL = 1 << 2;

/** struct xt_addrtype_info_v1: types of source and destination, flags. */
function addrtypeMatches(info: Uint8Array, { isLocal }: Packet): Answer {
  if (info.length < 8 || u16At(info, 0) !== 0 || u32At(info, 4) !== 0) return undefined;
  return u16At(info, 2) === XT_ADDRTYPE_LOCAL ? isLocal : undefined;
}

/** What a target of iptables does to a packet. */
export interface XtTarget {
  readonly name: string;
  /** Of DNAT and SNAT; undefined: not known. */
  readonly to: { readonly ip: Ip; readonly port: number | undefined } | undefined;
}

export function xtTargetOf(expr: Expr & { name: "foreign" }, family: 4 | 6): XtTarget {
  const { name = "", revision = 0, info = new Uint8Array() } = extension.decode(new Reader(expr.raw));
  return { name, to: name === "DNAT" || name === "SNAT" ? rangeOf(info, revision, family) : undefined };
}

/** struct nf_nat_ipv4_multi_range_compat (revision 0) and nf_nat_range2: flags, addresses, ports. */
function rangeOf(info: Uint8Array, revision: number, family: 4 | 6): XtTarget["to"] {
  const old = revision === 0 && family === 4;
  const ipAt = old ? 8 : 4;
  const portAt = old ? 16 : 36;
  if (info.length < portAt + 2) return undefined;
  const port = ((info[portAt] ?? 0) << 8) | (info[portAt + 1] ?? 0);
  return { ip: info.slice(ipAt, ipAt + (family === 4 ? 4 : 16)), port: port || undefined };
}
