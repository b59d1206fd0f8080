import { type Expr, REG_1 } from "./expr.ts";

/** Expressions that matches are made of. */

/** Loads `length` bytes of a header (LINK_HEADER, NETWORK_HEADER) into the first register. */
export function load(base: number, offset: number, length: number): Expr {
  return { name: "payload", data: { dreg: REG_1, base, offset, length } };
}

/** Goes on only if the first register compares so (EQ, NEQ) with `value`. */
export function compare(op: number, value: Uint8Array): Expr {
  return { name: "cmp", data: { sreg: REG_1, op, data: { value } } };
}
