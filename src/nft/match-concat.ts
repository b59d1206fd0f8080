import { formatIp, networkOf } from "../base/ip.ts";
import { type Expr, L4PROTO, NAT_DNAT, NETWORK_HEADER, REG_1, type Statement, TRANSPORT_HEADER } from "./expr.ts";
import { addressOffset, masked, payload } from "./instructions.ts";
import { FAMILIES, type SetName } from "./objects.ts";

/** Concatenations that are looked up in sets and maps. For tables of the families ip and ip6. */

export type IpFamily = "ip" | "ip6";

/** One part of a concatenation. */
export interface Part {
  readonly text: string;
  /** In words of four bytes. */
  readonly words: number;
  /** Puts it into registers from `register` on. */
  load(register: number): readonly Expr[];
}

/** Of an address, in bytes. */
export const SIZES = { ip: 4, ip6: 16 } as const;

/** `ip daddr` or `ip6 daddr`. */
export function daddr(family: IpFamily): Part {
  return address(family, "daddr");
}

/** `ip saddr & MASK`: the network of `length` bits that it is in; the whole address without a mask. */
export function saddrNetwork(family: IpFamily, length: number): Part {
  const size = SIZES[family];
  const part = address(family, "saddr");
  if (length === 8 * size) return part;
  const mask = networkOf({ ip: new Uint8Array(size).fill(255), length });
  const load = (register: number) => [...part.load(register), masked(mask, register)];
  return { ...part, text: `${part.text} & ${formatIp(mask)}`, load };
}

function address(family: IpFamily, which: "saddr" | "daddr"): Part {
  const size = SIZES[family];
  const offset = addressOffset(which, size);
  return {
    text: `${family} ${which}`,
    words: size / 4,
    load: (register) => [payload(NETWORK_HEADER, offset, size, register)],
  };
}

/** `meta l4proto`. */
export const l4proto: Part = {
  text: "meta l4proto",
  words: 1,
  load: (register) => [{ name: "meta", data: { key: L4PROTO, dreg: register } }],
};

/** `th dport`: of TCP, UDP and SCTP. Of another protocol it is whatever is there. */
export const dport: Part = {
  text: "th dport",
  words: 1,
  load: (register) => [payload(TRANSPORT_HEADER, 2, 2, register)],
};

/** `PARTS @SET`. */
export function concatInSet(parts: readonly Part[], set: SetName): Statement {
  const { text, exprs } = concat(parts);
  return { text: `${text} @${set.name}`, exprs: [...exprs, { name: "lookup", data: { sreg: REG_1, set: set.name } }] };
}

/** `dnat ip to PARTS map @MAP`: to the address and port that the map has; goes on when it has none. For nat prerouting and output. */
export function dnatToMap(family: IpFamily, parts: readonly Part[], map: SetName): Statement {
  const { text, exprs } = concat(parts);
  const data = { type: NAT_DNAT, family: FAMILIES[family], addrMin: REG_1, protoMin: registerOf(SIZES[family] / 4) };
  return {
    text: `dnat ${family} to ${text} map @${map.name}`,
    exprs: [...exprs, { name: "lookup", data: { sreg: REG_1, dreg: REG_1, set: map.name } }, { name: "nat", data }],
  };
}

/** The parts one after the other in registers, the first in that of the word `first`. */
export function concat(parts: readonly Part[], first = 0): Statement {
  const exprs: Expr[] = [];
  let word = first;
  for (const part of parts) {
    exprs.push(...part.load(registerOf(word)));
    word += part.words;
  }
  return { text: parts.map(({ text }) => text).join(" . "), exprs };
}

/** Where the sixteen registers of one word start: NFT_REG32_00. */
const WORD_REGISTERS = 8;

/** As nft names it: the four registers of 16 bytes where one begins, else one of a word. */
export function registerOf(word: number): number {
  return word % 4 === 0 ? REG_1 + word / 4 : WORD_REGISTERS + word;
}
