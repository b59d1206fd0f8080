/** Matches of iptables in nf_tables, as the kernel has told of them. */
import { expect, test } from "bun:test";
import { STATES, xtMatchOf } from "../../../src/nft/xtables.ts";
import { hex as bytes } from "../../support/hex.ts";

const match = (raw: Uint8Array) => ({ name: "foreign", kind: "match", raw }) as const;
const zeros = (n: number) => "00 ".repeat(n);

/** Captured of iptables-nft 1.8.9: flags, inverted flags and states of `-m conntrack`. */
const conntrack = (flags: string) =>
  match(
    bytes(`
      0e 00 01 00 63 6f 6e 6e 74 72 61 63 6b 00 00 00   # NFTA_MATCH_NAME "conntrack"
      08 00 02 00 00 00 00 03                           # NFTA_MATCH_REV 3
      ac 00 03 00                                       # NFTA_MATCH_INFO: struct xt_conntrack_mtinfo3
      ${zeros(128)}                                     # addresses and masks
      ${zeros(18)}                                      # expiry, protocol, ports
      ${flags}
      ${zeros(16)}                                      # status, the ends of port ranges, padding
    `),
  );

test("xtMatchOf() reads -m conntrack", () => {
  const { ESTABLISHED, RELATED, DNAT } = STATES;
  const plain = { name: "conntrack", direction: undefined } as const;
  expect(xtMatchOf(conntrack("01 00 00 00 06 00"))).toEqual({ ...plain, states: RELATED | ESTABLISHED });
  expect(xtMatchOf(conntrack("01 00 00 00 80 00"))).toEqual({ ...plain, states: DNAT });
  expect(xtMatchOf(conntrack("01 10 00 10 80 00"))).toEqual({ name: "conntrack", states: DNAT, direction: "reply" });
  expect(xtMatchOf(conntrack("01 10 00 00 80 00"))).toEqual({ name: "conntrack", states: DNAT, direction: "original" });
});

test("xtMatchOf() reads nothing else than states out of -m conntrack", () => {
  expect(xtMatchOf(conntrack("01 00 01 00 80 00"))).toBeUndefined();
  expect(xtMatchOf(conntrack("05 00 00 00 80 00"))).toBeUndefined();
  expect(xtMatchOf({ name: "foreign", kind: "counter", raw: new Uint8Array() })).toBeUndefined();
  expect(xtMatchOf({ name: "masq", data: {} })).toBeUndefined();
});

test("xtMatchOf() reads -m comment", () => {
  const raw = bytes(`
    0c 00 01 00 63 6f 6d 6d 65 6e 74 00   # NFTA_MATCH_NAME "comment"
    08 00 02 00 00 00 00 00               # NFTA_MATCH_REV 0
    04 01 03 00 61 20 62 00 ${zeros(252)} # NFTA_MATCH_INFO: 256 bytes
  `);
  expect(xtMatchOf(match(raw))).toEqual({ name: "comment", text: "a b" });
});
