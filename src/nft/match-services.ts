import { encoded, u32 } from "../wire/coder.ts";
import { EQ, type Expr, FIB_ADDRTYPE, NAT_DNAT, REG_1, REG_VERDICT, RTN_LOCAL, type Statement } from "./expr.ts";
import {
  CT_DST_IP,
  CT_DST_IP6,
  CT_PROTO_DST,
  ctOriginal,
  dynsetDelete,
  dynsetUpdate,
  MARK,
  metaSet,
  numgen,
  rejectByReset,
  rejectWith,
} from "./expr-services.ts";
import { compare } from "./instructions.ts";
import { type IpFamily, type Part, registerOf, SIZES } from "./match-concat.ts";
import { FAMILIES, type SetName } from "./objects.ts";

/**
 * Look-ups one after the other in one rule. What one finds goes to registers, where the next takes its key from: words of four
 * bytes, sixteen of them, counted from 0. The texts are as near to nft's words as there are any.
 */

/** `@SET`: goes on with what the set has. */
export function inSet({ name }: SetName, from: number): Statement {
  return { text: `@${name}`, exprs: [{ name: "lookup", data: { sreg: registerOf(from), set: name } }] };
}

/** `map @MAP`: goes on with what the map has for it. */
export function mapped({ name }: SetName, from: number, to: number): Statement {
  const data = { sreg: registerOf(from), dreg: registerOf(to), set: name };
  return { text: `map @${name}`, exprs: [{ name: "lookup", data }] };
}

/** The register of one word in which `numbered` keeps what is not to change. */
const SPARE = 15;

/**
 * `meta mark set … map @MAP`: a number, by which something else is looked up, to the words `to`. It goes by way of the packet's mark,
 * which has its own again before anything else happens, as `nft list ruleset` (1.0.6) takes what a map gives for nothing of no
 * length, and fails an assertion where that is part of a key. The word 15 is overwritten.
 */
export function numbered(map: SetName, from: number, ...to: readonly [number, ...number[]]): Statement {
  const { text, exprs } = mapped(map, from, to[0]);
  const mark = (word: number): Expr => ({ name: "meta", data: { key: MARK, dreg: registerOf(word) } });
  const set = (word: number) => metaSet(MARK, registerOf(word));
  return {
    text: `meta mark set ${text} meta mark`,
    exprs: [mark(SPARE), ...exprs, set(to[0]), ...to.map(mark), set(SPARE)],
  };
}

/** `vmap @MAP`. */
export function vmapped({ name }: SetName, from: number): Statement {
  const data = { sreg: registerOf(from), dreg: REG_VERDICT, set: name };
  return { text: `vmap @${name}`, exprs: [{ name: "lookup", data }] };
}

/** `. numgen random mod MODULUS`. */
export function randomBelow(modulus: number, to: number): Statement {
  return { text: `. numgen random mod ${modulus}`, exprs: [numgen(modulus, registerOf(to))] };
}

/** `dnat to` the address and the port that registers have from `from` on. For nat prerouting and output. */
export function dnat(family: IpFamily, from: number): Statement {
  const protoMin = registerOf(from + SIZES[family] / 4);
  const data = { type: NAT_DNAT, family: FAMILIES[family], addrMin: registerOf(from), protoMin };
  return { text: `dnat ${family}`, exprs: [{ name: "nat", data }] };
}

/** ICMP_PORT_UNREACH and ICMPV6_PORT_UNREACH. */
const PORT_UNREACHABLE = { ip: 3, ip6: 4 } as const;

/** `reject with tcp reset`: for packets of TCP. Unlike ICMP nobody limits how many there are in a second. */
export function reset(): Statement {
  return { text: "reject with tcp reset", exprs: [rejectByReset()] };
}

/** `reject`. */
export function reject(family: IpFamily): Statement {
  return { text: "reject", exprs: [rejectWith(PORT_UNREACHABLE[family])] };
}

/** `ct original ip daddr`. */
export function originalDaddr(family: IpFamily): Part {
  const key = family === "ip" ? CT_DST_IP : CT_DST_IP6;
  return {
    text: `ct original ${family} daddr`,
    words: SIZES[family] / 4,
    load: (register) => [ctOriginal(key, register)],
  };
}

/** `ct original proto-dst`. */
export const originalDport: Part = {
  text: "ct original proto-dst",
  words: 1,
  load: (register) => [ctOriginal(CT_PROTO_DST, register)],
};

const FIB_SADDR = 1;

/** `fib saddr type local`: the packet is of this machine. */
export function fibSaddrLocal(): Statement {
  const data = { flags: FIB_SADDR, result: FIB_ADDRTYPE, dreg: REG_1 };
  return { text: "fib saddr type local", exprs: [{ name: "fib", data }, compare(EQ, encoded(u32, RTN_LOCAL))] };
}

/** `update @MAP { KEY timeout … : DATA }` of what registers have. */
export function remember({ name }: SetName, key: number, data: number, seconds: number): Statement {
  const expr = dynsetUpdate(name, registerOf(key), registerOf(data), seconds * 1000);
  return { text: `update @${name} timeout ${seconds}s`, exprs: [expr] };
}

/** `delete @MAP { KEY }`. */
export function forget({ name }: SetName, key: number, data: number): Statement {
  return { text: `delete @${name}`, exprs: [dynsetDelete(name, registerOf(key), registerOf(data))] };
}
