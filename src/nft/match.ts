import { formatPrefix, type Ip, networkOf, type Prefix } from "../base/ip.ts";
import { formatMac, type Mac } from "../base/mac.ts";
import { encodeUtf8 } from "../base/utf8.ts";
import {
  EQ,
  type Expr,
  IIFNAME,
  LINK_HEADER,
  NEQ,
  NETWORK_HEADER,
  NF_ACCEPT,
  NF_DROP,
  NFT_GOTO,
  NFT_JUMP,
  NFT_RETURN,
  REG_1,
  REG_VERDICT,
  type Statement,
} from "./expr.ts";
import { KEY_TYPES, type NftSet } from "./objects.ts";

/** `ip saddr @SET` or `ip6 saddr @SET`, by the set's type: ipv4_addr or ipv6_addr. For tables of that family. */
export function saddrInSet(set: Pick<NftSet, "name" | "type">): Statement {
  const { size } = KEY_TYPES[set.type];
  return {
    text: `${words(size)} saddr @${set.name}`,
    exprs: [address("saddr", size, size), { name: "lookup", data: { sreg: REG_1, set: set.name } }],
  };
}

/** `ip daddr != PREFIX` or `ip6 daddr != PREFIX`; host bits do not count. For tables of that family. */
export function notDaddr(prefix: Prefix): Statement {
  const network = networkOf(prefix);
  const text = `${words(network.length)} daddr != ${formatPrefix({ ip: network, length: prefix.length })}`;
  return { text, exprs: inNetwork("daddr", network, prefix.length, NEQ) };
}

/** `iifname "NAME"`. */
export function iifname(name: string): Statement {
  const padded = new Uint8Array(KEY_TYPES.ifname.size);
  padded.set(encodeUtf8(name));
  return {
    text: `iifname "${name}"`,
    exprs: [{ name: "meta", data: { key: IIFNAME, dreg: REG_1 } }, compare(EQ, padded)],
  };
}

/** `ether saddr MAC`. For tables of the families bridge and netdev, where every packet has an Ethernet header. */
export function etherSaddr(mac: Mac): Statement {
  return { text: `ether saddr ${formatMac(mac)}`, exprs: [load(LINK_HEADER, 6, 6), compare(EQ, mac)] };
}

/** `masquerade`: the source becomes the address of the interface that the packet leaves by. For nat postrouting. */
export function masquerade(): Statement {
  return { text: "masquerade", exprs: [{ name: "masq", data: {} }] };
}

const VERDICTS = { accept: NF_ACCEPT, drop: NF_DROP, return: NFT_RETURN } as const;

/** `accept`, `drop` or `return`. */
export function verdict(word: keyof typeof VERDICTS): Statement {
  return { text: word, exprs: [decide({ code: VERDICTS[word] })] };
}

/** `jump CHAIN`: a chain of the same table, from where `return` and its end come back. */
export function jump(chain: string): Statement {
  return { text: `jump ${chain}`, exprs: [decide({ code: NFT_JUMP, chain })] };
}

/** `goto CHAIN`: the same without coming back. */
export function goTo(chain: string): Statement {
  return { text: `goto ${chain}`, exprs: [decide({ code: NFT_GOTO, chain })] };
}

/** Where the addresses lie in an IP header, by their size (RFC 791 §3.1, RFC 8200 §3). */
function address(which: "saddr" | "daddr", size: number, length: number): Expr {
  const source = size === 4 ? 12 : 8;
  return load(NETWORK_HEADER, which === "saddr" ? source : source + size, length);
}

/** Like nft: a network of whole bytes is compared by those bytes, any other through a mask. */
function inNetwork(which: "saddr" | "daddr", network: Ip, bits: number, op: number): Expr[] {
  const size = network.length;
  const whole = bits / 8;
  if (bits > 0 && Number.isInteger(whole))
    return [address(which, size, whole), compare(op, network.subarray(0, whole))];
  return [
    address(which, size, size),
    masked(networkOf({ ip: new Uint8Array(size).fill(255), length: bits })),
    compare(op, network),
  ];
}

function load(base: number, offset: number, length: number): Expr {
  return { name: "payload", data: { dreg: REG_1, base, offset, length } };
}

function masked(mask: Uint8Array): Expr {
  const xor = { value: new Uint8Array(mask.length) };
  return { name: "bitwise", data: { sreg: REG_1, dreg: REG_1, length: mask.length, mask: { value: mask }, xor } };
}

function compare(op: number, value: Uint8Array): Expr {
  return { name: "cmp", data: { sreg: REG_1, op, data: { value } } };
}

function decide(verdict: { code: number; chain?: string }): Expr {
  return { name: "immediate", data: { dreg: REG_VERDICT, data: { verdict } } };
}

function words(size: number): "ip" | "ip6" {
  return size === 4 ? "ip" : "ip6";
}
