import { type Expr, REG_1 } from "./expr.ts";

/** Expressions that matches are made of. */

/** Loads `length` bytes of a header (LINK_HEADER, NETWORK_HEADER) into the first register. */
export function load(base: number, offset: number, length: number): Expr {
  return payload(base, offset, length, REG_1);
}

/** The same into another register. */
export function payload(base: number, offset: number, length: number, dreg: number): Expr {
  return { name: "payload", data: { dreg, base, offset, length } };
}

/** Goes on only if the first register compares so (EQ, NEQ) with `value`. */
export function compare(op: number, value: Uint8Array): Expr {
  return { name: "cmp", data: { sreg: REG_1, op, data: { value } } };
}

/** Clears the bits of a register that `mask` does not have. */
export function masked(mask: Uint8Array, register: number = REG_1): Expr {
  const xor = { value: new Uint8Array(mask.length) };
  return { name: "bitwise", data: { sreg: register, dreg: register, length: mask.length, mask: { value: mask }, xor } };
}

/** Where an address of `size` bytes lies in its IP header (RFC 791 §3.1, RFC 8200 §3). */
export function addressOffset(which: "saddr" | "daddr", size: number): number {
  const source = size === 4 ? 12 : 8;
  return which === "saddr" ? source : source + size;
}
