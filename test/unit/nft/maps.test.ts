/**
 * Maps and concatenated keys as nft 1.0.6 sent them (nft --debug=mnl). Left out of what it sent, as the kernel does without:
 * NFTA_SET_ELEM_LIST_SET_ID, NFTA_LOOKUP_SET_ID, NFTA_BITWISE_OP 0, and of the userdata of sets the empty "typeof".
 */
import { expect, test } from "bun:test";
import { parseIp, parsePrefix } from "../../../src/base/ip.ts";
import type { Command } from "../../../src/nft/commands.ts";
import { concatenated, partsOf, portBytes, portOf, typesOfNumber } from "../../../src/nft/concat.ts";
import { inDaddr, masquerade } from "../../../src/nft/match.ts";
import { concatInSet, daddr, dnatToMap, dport, l4proto, saddrNetwork } from "../../../src/nft/match-concat.ts";
import { ctStatusDnat, fibDaddrLocal, iifnameInSet } from "../../../src/nft/match-kernel.ts";
import { verdict } from "../../../src/nft/match-link.ts";
import type { NftObject, NftSet } from "../../../src/nft/objects.ts";
import { elementsAttrs, ruleAttrs, setAttrs } from "../../../src/nft/tables.ts";
import { dump, hex } from "../../support/hex.ts";
import { type ByteRow, datagramOf, testBytes } from "../../support/nft-bytes.ts";

const ip = (text: string) => parseIp(text) ?? expect.unreachable();
const TCP = Uint8Array.of(6);
const UDP = Uint8Array.of(17);

const PORTS = {
  kind: "set",
  name: "ports",
  type: ["inet_proto", "inet_service"],
  data: ["ipv4_addr", "inet_service"],
} as const satisfies NftSet;
const V6 = {
  kind: "set",
  name: "a",
  type: ["ipv6_addr", "inet_proto", "inet_service"],
  data: ["ipv6_addr", "inet_service"],
} as const satisfies NftSet;
const PAIRS = { kind: "set", name: "s", type: ["ipv4_addr", "ipv4_addr"] } as const satisfies NftSet;

const rule = (...statements: Extract<NftObject, { kind: "rule" }>["statements"]): NftObject => ({
  kind: "rule",
  chain: "c",
  statements,
});

const DNAT6 = `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      ec 00 04 80
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00           # "payload"
        24 00 02 80 08 00 01 00 00 00 00 01                     #   to register 1
        08 00 02 00 00 00 00 01
        08 00 03 00 00 00 00 18 08 00 04 00 00 00 00 10         #   16 bytes at 24
      24 00 01 80 09 00 01 00 6d 65 74 61 00 00 00 00           # "meta"
        14 00 02 80 08 00 02 00 00 00 00 10                     #   NFT_META_L4PROTO
        08 00 01 00 00 00 00 02                                 #   to NFT_REG_2
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00           # "payload"
        24 00 02 80 08 00 01 00 00 00 00 0d                     #   to NFT_REG32_05
        08 00 02 00 00 00 00 02                                 #   from the transport header
        08 00 03 00 00 00 00 02 08 00 04 00 00 00 00 02
      2c 00 01 80 0b 00 01 00 6c 6f 6f 6b 75 70 00 00           # "lookup"
        1c 00 02 80 08 00 02 00 00 00 00 01                     #   register 1
        08 00 03 00 00 00 00 01                                 #   to register 1
        06 00 01 00 61 00 00 00                                 #   "a"
      30 00 01 80 08 00 01 00 6e 61 74 00                       # "nat"
        24 00 02 80 08 00 01 00 00 00 00 01                     #   NFT_NAT_DNAT
        08 00 02 00 00 00 00 0a                                 #   NFPROTO_IPV6
        08 00 03 00 00 00 00 01 08 00 05 00 00 00 00 02         #   address register 1, port register 2`;

const ROWS: ByteRow[] = [
  {
    text: 'add map ip t ports { type inet_proto . inet_service : ipv4_addr . inet_service ; comment "by host port" ; }',
    family: "ip",
    object: { ...PORTS, comment: "by host port" },
    coder: setAttrs,
    sent: `
      06 00 01 00 74 00 00 00 0a 00 02 00 70 6f 72 74 73 00 00 00
      08 00 03 00 00 00 00 08                               # NFTA_SET_FLAGS NFT_SET_MAP
      08 00 04 00 00 00 03 0d                               # NFTA_SET_KEY_TYPE 12 << 6 | 13
      08 00 05 00 00 00 00 08                               # NFTA_SET_KEY_LEN 8
      08 00 06 00 00 00 01 cd                               # NFTA_SET_DATA_TYPE 7 << 6 | 13
      08 00 07 00 00 00 00 08                               # NFTA_SET_DATA_LEN 8
      08 00 0a 00 00 00 00 01                               # NFTA_SET_ID
      1f 00 0d 00                                           # NFTA_SET_USERDATA
        00 04 00 00 00 00 01 04 00 00 00 00                 #   byte orders of key and data: none
        07 0d 62 79 20 68 6f 73 74 20 70 6f 72 74 00 00     #   comment "by host port"`,
  },
  {
    text: 'create element ip t ports { tcp . 8080 comment "aa-bb" : 10.77.0.2 . 80, udp . 53 : 10.77.0.3 . 54 }',
    family: "ip",
    verb: "create",
    object: {
      kind: "elements",
      set: PORTS,
      elements: [
        {
          key: concatenated(TCP, portBytes(8080)),
          data: concatenated(ip("10.77.0.2"), portBytes(80)),
          comment: "aa-bb",
        },
        { key: concatenated(UDP, portBytes(53)), data: concatenated(ip("10.77.0.3"), portBytes(54)) },
      ],
    },
    coder: elementsAttrs,
    sent: `
      06 00 01 00 74 00 00 00 0a 00 02 00 70 6f 72 74 73 00 00 00
      58 00 03 80
      30 00 01 80
        10 00 01 80 0c 00 01 00 06 00 00 00 1f 90 00 00     # NFTA_SET_ELEM_KEY tcp . 8080
        10 00 02 80 0c 00 01 00 0a 4d 00 02 00 50 00 00     # NFTA_SET_ELEM_DATA 10.77.0.2 . 80
        0c 00 06 00 00 06 61 61 2d 62 62 00                 # NFTA_SET_ELEM_USERDATA
      24 00 01 80
        10 00 01 80 0c 00 01 00 11 00 00 00 00 35 00 00
        10 00 02 80 0c 00 01 00 0a 4d 00 03 00 36 00 00`,
  },
  {
    text: "delete element ip t ports { tcp . 8080 }",
    family: "ip",
    verb: "delete",
    object: { kind: "elements", set: PORTS, elements: [{ key: concatenated(TCP, portBytes(8080)) }] },
    coder: elementsAttrs,
    sent: `
      06 00 01 00 74 00 00 00 0a 00 02 00 70 6f 72 74 73 00 00 00
      18 00 03 80 14 00 01 80 10 00 01 80 0c 00 01 00 06 00 00 00 1f 90 00 00`,
  },
  {
    text: "add rule ip6 t c dnat ip6 to ip6 daddr . meta l4proto . th dport map @a",
    family: "ip6",
    object: rule(dnatToMap("ip6", [daddr("ip6"), l4proto, dport], V6)),
    coder: ruleAttrs,
    sent: DNAT6,
  },
  {
    text: "add rule ip t c ip saddr & 255.255.255.0 . ip daddr @s masquerade",
    family: "ip",
    object: rule(concatInSet([saddrNetwork("ip", 24), daddr("ip")], PAIRS), masquerade()),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      e8 00 04 80
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00
        24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 0c 08 00 04 00 00 00 00 04
      44 00 01 80 0c 00 01 00 62 69 74 77 69 73 65 00           # "bitwise"
        34 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 04
        0c 00 04 80 08 00 01 00 ff ff ff 00                     #   mask
        0c 00 05 80 08 00 01 00 00 00 00 00
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00
        24 00 02 80 08 00 01 00 00 00 00 09                     #   to NFT_REG32_01
        08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 10 08 00 04 00 00 00 00 04
      24 00 01 80 0b 00 01 00 6c 6f 6f 6b 75 70 00 00
        14 00 02 80 08 00 02 00 00 00 00 01 06 00 01 00 73 00 00 00
      14 00 01 80 09 00 01 00 6d 61 73 71 00 00 00 00 04 00 02 80`,
  },
  {
    text: "add rule ip t c fib daddr type local",
    family: "ip",
    object: rule(fibDaddrLocal()),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      58 00 04 80 28 00 01 80 08 00 01 00 66 69 62 00           # "fib"
        1c 00 02 80 08 00 03 00 00 00 00 02                     #   NFTA_FIB_F_DADDR
        08 00 02 00 00 00 00 03 08 00 01 00 00 00 00 01         #   NFT_FIB_RESULT_ADDRTYPE to register 1
      2c 00 01 80 08 00 01 00 63 6d 70 00
        20 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 00 0c 00 03 80 08 00 01 00 02 00 00 00   # RTN_LOCAL, host order`,
  },
  {
    text: "add rule ip t c ct status dnat",
    family: "ip",
    object: rule(ctStatusDnat()),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      94 00 04 80 20 00 01 80 07 00 01 00 63 74 00 00           # "ct"
        14 00 02 80 08 00 02 00 00 00 00 02                     #   NFT_CT_STATUS
        08 00 01 00 00 00 00 01
      44 00 01 80 0c 00 01 00 62 69 74 77 69 73 65 00
        34 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 04
        0c 00 04 80 08 00 01 00 20 00 00 00                     #   IPS_DST_NAT, host order
        0c 00 05 80 08 00 01 00 00 00 00 00
      2c 00 01 80 08 00 01 00 63 6d 70 00
        20 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01 0c 00 03 80 08 00 01 00 00 00 00 00`,
  },
  {
    text: "add rule ip t c iifname @l ip daddr 127.0.0.0/8 drop",
    family: "ip",
    object: rule(
      iifnameInSet({ name: "l" }),
      inDaddr(parsePrefix("127.0.0.0/8") ?? expect.unreachable()),
      verdict("drop"),
    ),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      dc 00 04 80 24 00 01 80 09 00 01 00 6d 65 74 61 00 00 00 00
        14 00 02 80 08 00 02 00 00 00 00 06 08 00 01 00 00 00 00 01   # NFT_META_IIFNAME
      24 00 01 80 0b 00 01 00 6c 6f 6f 6b 75 70 00 00
        14 00 02 80 08 00 02 00 00 00 00 01 06 00 01 00 6c 00 00 00
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00
        24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 10 08 00 04 00 00 00 00 01
      2c 00 01 80 08 00 01 00 63 6d 70 00
        20 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 00 0c 00 03 80 05 00 01 00 7f 00 00 00
      30 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00
        1c 00 02 80 08 00 01 00 00 00 00 00
        10 00 02 80 0c 00 02 80 08 00 01 00 00 00 00 00`,
  },
];

testBytes("maps and concatenations", ROWS);

test("addBatch() says of which generation the ruleset must be", () => {
  const command: Command = { scope: { family: "ip", table: "t" }, verb: "add", object: { kind: "table" } };
  expect(dump(datagramOf(command, 0x1234).subarray(0, 28))).toBe(
    dump(
      hex(`
        1c 00 00 00 10 00 01 00 07 00 00 00 00 00 00 00   # NFNL_MSG_BATCH_BEGIN
        00 00 00 0a 08 00 01 00 00 00 12 34               # NFNL_BATCH_GENID`),
    ),
  );
});

test("a concatenation is its parts, each in whole words", () => {
  const types = ["ipv4_addr", "inet_proto", "inet_service"] as const;
  const bytes = concatenated(ip("10.1.2.3"), TCP, portBytes(8080));
  expect(dump(bytes)).toBe(dump(hex("0a 01 02 03 06 00 00 00 1f 90 00 00")));
  const [address, protocol, port] = partsOf(types, bytes);
  expect([address, protocol, portOf(port ?? TCP)]).toEqual([ip("10.1.2.3"), TCP, 8080]);
});

test("typesOfNumber() reads the number of a concatenation, not of types that are not known", () => {
  expect(typesOfNumber(0x30d)).toEqual(["inet_proto", "inet_service"]);
  expect(typesOfNumber(41)).toEqual(["ifname"]);
  expect(typesOfNumber((7 << 6) | 5)).toBeUndefined();
});
