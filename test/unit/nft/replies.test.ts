/** Messages that Linux 6.18 answered to nft, captured with strace. */
import { describe, expect, test } from "bun:test";
import { parseIp } from "../../../src/base/ip.ts";
import { chainAttrs, elementsAttrs, header, ruleAttrs, setAttrs } from "../../../src/nft/tables.ts";
import type { Coder } from "../../../src/wire/coder.ts";
import { DecodeError, Reader } from "../../../src/wire/cursor.ts";
import { hex } from "../../support/hex.ts";
import { encoded } from "./captured.ts";

/** Replies: NLA_F_NESTED is not set in them, and they have attributes that no table lists. */
const REPLIES = {
  element: `
    02 00 00 17                                        # NFPROTO_IPV4, generation 23
    0a 00 01 00 62 65 72 74 68 00 00 00                # NFTA_SET_ELEM_LIST_TABLE "berth"
    06 00 02 00 73 00 00 00                            # NFTA_SET_ELEM_LIST_SET "s"
    24 00 03 00 20 00 01 00                            # NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_LIST_ELEM
      0c 00 01 00 08 00 01 00 0a 01 02 03              #   NFTA_SET_ELEM_KEY 10.1.2.3
      0d 00 06 00 00 07 65 6c 65 6d 20 63 00 00 00 00  #   NFTA_SET_ELEM_USERDATA: comment "elem c"`,
  chain: `
    02 00 00 17
    0a 00 01 00 62 65 72 74 68 00 00 00
    10 00 03 00 70 6f 73 74 72 6f 75 74 69 6e 67 00
    0c 00 02 00 00 00 00 00 00 00 00 01                # NFTA_CHAIN_HANDLE 1
    14 00 04 00 08 00 01 00 00 00 00 04 08 00 02 00 00 00 00 65
    08 00 05 00 00 00 00 01
    08 00 07 00 6e 61 74 00
    08 00 0a 00 00 00 00 01                            # NFTA_CHAIN_FLAGS NFT_CHAIN_BASE
    08 00 06 00 00 00 00 01                            # NFTA_CHAIN_USE
    09 00 0c 00 00 03 63 63 00 00 00 00`,
  set: `
    02 00 00 22                                        # NFPROTO_IPV4, generation 34
    0a 00 01 00 62 65 72 74 68 00 00 00
    06 00 02 00 73 00 00 00
    0c 00 10 00 00 00 00 00 00 00 00 02                # NFTA_SET_HANDLE
    08 00 04 00 00 00 00 07
    08 00 05 00 00 00 00 04
    18 00 0d 00 00 04 02 00 00 00 07 0c 73 65 74 20 63 6f 6d 6d 65 6e 74 00
    04 00 09 00                                        # NFTA_SET_DESC
    17 00 13 00 30 78 66 66 66 66 66 66 66 66 38 32 35 30 37 66 34 30 00 00   # NFTA_SET_TYPE
    08 00 14 00 00 00 00 01                            # NFTA_SET_COUNT`,
  rule: `
    02 00 00 22
    0a 00 01 00 62 65 72 74 68 00 00 00
    10 00 02 00 70 6f 73 74 72 6f 75 74 69 6e 67 00
    0c 00 03 00 00 00 00 00 00 00 00 03                # NFTA_RULE_HANDLE 3
    a4 00 04 00
      34 00 01 00 0c 00 01 00 70 61 79 6c 6f 61 64 00  # "payload"
        24 00 02 00 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01
        08 00 03 00 00 00 00 0c 08 00 04 00 00 00 00 04
      2c 00 01 00 0b 00 01 00 6c 6f 6f 6b 75 70 00 00  # "lookup"
        1c 00 02 00 06 00 01 00 73 00 00 00            #   NFTA_LOOKUP_SET "s"
        08 00 02 00 00 00 00 01 08 00 05 00 00 00 00 00   # register 1, NFTA_LOOKUP_FLAGS 0
      2c 00 01 00 0c 00 01 00 63 6f 75 6e 74 65 72 00  # "counter"
        1c 00 02 00 0c 00 01 00 00 00 00 00 00 00 00 00
        0c 00 02 00 00 00 00 00 00 00 00 00
      14 00 01 00 09 00 01 00 6d 61 73 71 00 00 00 00  # "masq"
        04 00 02 00
    0d 00 07 00 00 07 72 75 6c 65 20 63 00 00 00 00`,
};

function replyOf<T>(coder: Coder<T>, text: string): { value: T; again: T } {
  const r = new Reader(hex(text));
  header.decode(r);
  const value = coder.decode(r);
  return { value, again: coder.decode(new Reader(encoded(coder, value))) };
}

describe("replies of the kernel", () => {
  test("elementsAttrs reads an element", () => {
    const { value, again } = replyOf(elementsAttrs, REPLIES.element);
    const userdata = hex("00 07 65 6c 65 6d 20 63 00");
    const key = { value: parseIp("10.1.2.3") ?? expect.unreachable() };
    expect(value).toEqual({ table: "berth", set: "s", elements: [{ key, userdata }] });
    expect(again).toEqual(value);
  });

  test("chainAttrs reads a base chain", () => {
    const { value, again } = replyOf(chainAttrs, REPLIES.chain);
    expect(value).toEqual({
      table: "berth",
      name: "postrouting",
      handle: 1,
      hook: { number: 4, priority: 101 },
      policy: 1,
      type: "nat",
      userdata: hex("00 03 63 63 00"),
    });
    expect(again).toEqual(value);
  });

  test("setAttrs reads a set", () => {
    const { value, again } = replyOf(setAttrs, REPLIES.set);
    expect(value).toMatchObject({ table: "berth", name: "s", keyType: 7, keyLength: 4 });
    expect(again).toEqual(value);
  });

  test("ruleAttrs keeps expressions that it does not know", () => {
    const { value, again } = replyOf(ruleAttrs, REPLIES.rule);
    expect(value.handle).toBe(3);
    expect(value.exprs).toEqual([
      { name: "payload", data: { dreg: 1, base: 1, offset: 12, length: 4 } },
      { name: "lookup", data: { set: "s", sreg: 1, flags: 0 } },
      {
        name: "foreign",
        kind: "counter",
        raw: hex("0c 00 01 00 00 00 00 00 00 00 00 00 0c 00 02 00 00 00 00 00 00 00 00 00"),
      },
      { name: "masq", data: {} },
    ]);
    expect(again).toEqual(value);
  });

  test("decode(encode(decode(x))) is decode(x) for damaged replies", () => {
    const coders = { element: elementsAttrs, chain: chainAttrs, set: setAttrs, rule: ruleAttrs };
    for (const name of Object.keys(coders) as (keyof typeof coders)[]) {
      const body = hex(REPLIES[name]).subarray(4);
      for (let at = 0; at < body.length; at++) fixpoint(coders[name], body.with(at, (body[at] ?? 0) ^ (1 << (at % 8))));
    }
  });
});

// biome-ignore lint/suspicious/noExplicitAny: see Row
function fixpoint(coder: Coder<any>, bytes: Uint8Array): void {
  let value: unknown;
  try {
    value = coder.decode(new Reader(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return;
  }
  expect(coder.decode(new Reader(encoded(coder, value)))).toEqual(value);
}
