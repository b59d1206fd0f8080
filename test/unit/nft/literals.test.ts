/**
 * Comparisons with values, and literals, as nft 1.0.6 sent them (nft --debug=mnl). Left out of what it sent, as the kernel does
 * without: NFTA_SET_DESC, the place of an element in its list, and of the userdata of sets the "typeof".
 */
import { expect, test } from "bun:test";
import { Batch } from "../../../src/nft/batch.ts";
import type { Interval } from "../../../src/nft/intervals.ts";
import { jump } from "../../../src/nft/match-link.ts";
import { type Match, matching } from "../../../src/nft/match-values.ts";
import type { Literal, LiteralKeys, NftObject } from "../../../src/nft/objects.ts";
import { elementsAttrs, ruleAttrs, setAttrs } from "../../../src/nft/tables.ts";
import { type ByteRow, testBytes } from "../../support/nft-bytes.ts";
import { matchesOf } from "../../support/nft-matches.ts";

const rule = (text: string): NftObject => ({
  kind: "rule",
  chain: "c",
  statements: [...matching(matchesOf("ip", text), 1).statements, jump("h")],
});

const literals = (text: string): (Literal | LiteralKeys)[] => [...matching(matchesOf("ip", text), 1).literals];
const [networks, networkKeys] = literals("ip saddr { 10.0.0.0/8, 192.168.0.0/16 }") as [Literal, LiteralKeys];
const [ports, portKeys] = literals("tcp dport { 443, 80 }") as [Literal, LiteralKeys];

const JUMP = `
      38 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00
        24 00 02 80 08 00 01 00 00 00 00 00
        18 00 02 80 14 00 02 80 08 00 01 00 ff ff ff fd 06 00 02 00 68 00 00 00`;
const TCP_DPORT = `
      24 00 01 80 09 00 01 00 6d 65 74 61 00 00 00 00           # "meta"
        14 00 02 80 08 00 02 00 00 00 00 10 08 00 01 00 00 00 00 01   # NFT_META_L4PROTO
      2c 00 01 80 08 00 01 00 63 6d 70 00 20 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 00 0c 00 03 80 05 00 01 00 06 00 00 00
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00 24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 02 08 00 03 00 00 00 00 02 08 00 04 00 00 00 00 02`;

const ROWS: ByteRow[] = [
  {
    text: "add set ip t literal { type ipv4_addr ; }",
    family: "ip",
    object: networks,
    coder: setAttrs,
    sent: `
      06 00 01 00 74 00 00 00 0c 00 02 00 5f 5f 73 65 74 25 64 00   # "__set%d"
      08 00 03 00 00 00 00 07                               # NFT_SET_ANONYMOUS, CONSTANT, INTERVAL
      08 00 04 00 00 00 00 07 08 00 05 00 00 00 00 04
      08 00 0a 00 00 00 00 01                               # NFTA_SET_ID
      0a 00 0d 00 00 04 02 00 00 00 00 00`,
  },
  {
    text: "add element ip t literal { 0.0.0.0, 10.0.0.0, 11.0.0.0, 192.168.0.0, 192.169.0.0 }",
    family: "ip",
    object: networkKeys,
    coder: elementsAttrs,
    sent: `
      06 00 01 00 74 00 00 00 0c 00 02 00 5f 5f 73 65 74 25 64 00
      08 00 04 00 00 00 00 01                               # NFTA_SET_ELEM_LIST_SET_ID
      6c 00 03 80
      18 00 01 80 08 00 03 00 00 00 00 01                   # NFT_SET_ELEM_INTERVAL_END
        0c 00 01 80 08 00 01 00 00 00 00 00
      10 00 01 80 0c 00 01 80 08 00 01 00 0a 00 00 00
      18 00 01 80 08 00 03 00 00 00 00 01 0c 00 01 80 08 00 01 00 0b 00 00 00
      10 00 01 80 0c 00 01 80 08 00 01 00 c0 a8 00 00
      18 00 01 80 08 00 03 00 00 00 00 01 0c 00 01 80 08 00 01 00 c0 a9 00 00`,
  },
  {
    text: "add rule ip t c ip saddr != { 10.0.0.0/8, 192.168.0.0/16 } jump h",
    family: "ip",
    object: rule("ip saddr != { 192.168.0.0/16, 10.0.0.0/8, 10.1.2.0-10.1.2.9 }"),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      a8 00 04 80
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00 24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 0c 08 00 04 00 00 00 00 04
      38 00 01 80 0b 00 01 00 6c 6f 6f 6b 75 70 00 00           # "lookup"
        28 00 02 80 08 00 02 00 00 00 00 01
        0c 00 01 00 5f 5f 73 65 74 25 64 00
        08 00 04 00 00 00 00 01                                 #   NFTA_LOOKUP_SET_ID
        08 00 05 00 00 00 00 01                                 #   NFT_LOOKUP_F_INV${JUMP}`,
  },
  {
    text: "add set ip t literal { type inet_service ; }",
    family: "ip",
    object: ports,
    coder: setAttrs,
    sent: `
      06 00 01 00 74 00 00 00 0c 00 02 00 5f 5f 73 65 74 25 64 00
      08 00 03 00 00 00 00 03                               # NFT_SET_ANONYMOUS, CONSTANT
      08 00 04 00 00 00 00 0d 08 00 05 00 00 00 00 02 08 00 0a 00 00 00 00 01
      0a 00 0d 00 00 04 02 00 00 00 00 00`,
  },
  {
    text: "add element ip t literal { 80, 443 }",
    family: "ip",
    object: portKeys,
    coder: elementsAttrs,
    sent: `
      06 00 01 00 74 00 00 00 0c 00 02 00 5f 5f 73 65 74 25 64 00 08 00 04 00 00 00 00 01
      24 00 03 80
      10 00 01 80 0c 00 01 80 06 00 01 00 00 50 00 00
      10 00 01 80 0c 00 01 80 06 00 01 00 01 bb 00 00`,
  },
  {
    text: "insert rule ip t c tcp dport { 80, 443 } jump h",
    family: "ip",
    verb: "insert",
    object: rule("tcp dport { 80, 443, 80 }"),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      f0 00 04 80${TCP_DPORT}
      30 00 01 80 0b 00 01 00 6c 6f 6f 6b 75 70 00 00 20 00 02 80 08 00 02 00 00 00 00 01
        0c 00 01 00 5f 5f 73 65 74 25 64 00 08 00 04 00 00 00 00 01${JUMP}`,
  },
  {
    text: "add rule ip t c tcp dport != 80-90 jump h",
    family: "ip",
    object: rule("tcp dport != 80-90"),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      fc 00 04 80${TCP_DPORT}
      3c 00 01 80 0a 00 01 00 72 61 6e 67 65 00 00 00           # "range"
        2c 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01                                 #   NFT_RANGE_NEQ
        0c 00 03 80 06 00 01 00 00 50 00 00
        0c 00 04 80 06 00 01 00 00 5a 00 00${JUMP}`,
  },
  {
    text: 'add rule ip t c iifname "eth*" jump h',
    family: "ip",
    object: rule("iifname eth*"),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      8c 00 04 80 24 00 01 80 09 00 01 00 6d 65 74 61 00 00 00 00
        14 00 02 80 08 00 02 00 00 00 00 06 08 00 01 00 00 00 00 01   # NFT_META_IIFNAME
      2c 00 01 80 08 00 01 00 63 6d 70 00 20 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 00 0c 00 03 80 07 00 01 00 65 74 68 00   # three bytes of it${JUMP}`,
  },
  {
    text: "add rule ip t c ip daddr 10.0.0.5-10.0.0.9 jump h",
    family: "ip",
    object: rule("ip daddr 10.0.0.5-10.0.0.9"),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      c8 00 04 80
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00 24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 10 08 00 04 00 00 00 00 04
      2c 00 01 80 08 00 01 00 63 6d 70 00 20 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 05 0c 00 03 80 08 00 01 00 0a 00 00 05   # NFT_CMP_GTE
      2c 00 01 80 08 00 01 00 63 6d 70 00 20 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 03 0c 00 03 80 08 00 01 00 0a 00 00 09   # NFT_CMP_LTE${JUMP}`,
  },
];

testBytes("comparisons with values", ROWS);

test("a literal of many is filled by several messages, each with as many as one can have", () => {
  const values = Array.from({ length: 400 }, (_, i): Interval => {
    const from = Uint8Array.of(10, 0, i >> 7, (2 * i) & 255);
    return { from, to: i === 0 ? from.with(3, 1) : from };
  });
  const match: Match = { field: "ip saddr", isNot: false, values };
  const batch = new Batch("ip", "t");
  for (const literal of matching([match], 7).literals) batch.add(literal);
  expect(batch.commands.map(({ object }) => (object.kind === "keys" ? object.keys.length : object.kind))).toEqual([
    "literal",
    300,
    300,
    201,
  ]);
});
