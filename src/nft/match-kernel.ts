import { encoded, u32 } from "../wire/coder.ts";
import {
  CT_STATUS,
  EQ,
  type Expr,
  FIB_ADDRTYPE,
  FIB_DADDR,
  IIFNAME,
  NEQ,
  REG_1,
  RTN_LOCAL,
  type Statement,
} from "./expr.ts";
import { compare, masked } from "./instructions.ts";
import type { NftSet } from "./objects.ts";

/** Matches of what the kernel knows of a packet besides its bytes. */

/** IPS_DST_NAT (linux/netfilter/nf_conntrack_common.h). */
const DST_NAT = 0x20;

/** `fib daddr type local`: the packet is for an address of this machine. */
export function fibDaddrLocal(): Statement {
  const fib: Expr = { name: "fib", data: { flags: FIB_DADDR, result: FIB_ADDRTYPE, dreg: REG_1 } };
  return { text: "fib daddr type local", exprs: [fib, compare(EQ, encoded(u32, RTN_LOCAL))] };
}

/** `ct status dnat`: the destination of its connection has been changed. */
export function ctStatusDnat(): Statement {
  return {
    text: "ct status dnat",
    exprs: [
      { name: "ct", data: { key: CT_STATUS, dreg: REG_1 } },
      masked(encoded(u32, DST_NAT)),
      compare(NEQ, new Uint8Array(4)),
    ],
  };
}

/** `iifname @SET`: of a set of the type ifname. */
export function iifnameInSet({ name }: Pick<NftSet, "name">): Statement {
  return {
    text: `iifname @${name}`,
    exprs: [
      { name: "meta", data: { key: IIFNAME, dreg: REG_1 } },
      { name: "lookup", data: { sreg: REG_1, set: name } },
    ],
  };
}
