/** Rules as nft 1.0.6 sent them, captured with strace. */
import { expect } from "bun:test";
import { parsePrefix } from "../../../src/base/ip.ts";
import { parseMac } from "../../../src/base/mac.ts";
import { masquerade, notDaddr } from "../../../src/nft/match.ts";
import { etherSaddr, iifname, jump, verdict } from "../../../src/nft/match-link.ts";
import { ruleAttrs } from "../../../src/nft/tables.ts";
import { inTransport, setTrace } from "../../../src/nft/trace.ts";
import { add, type Row } from "./captured.ts";

const prefix = (text: string) => parsePrefix(text) ?? expect.unreachable();

export const RULES: Row[] = [
  {
    text: "add rule ip t c @th,64,96 0x0102030405060708090a0b0c meta nftrace set 1",
    command: add("ip", "t", {
      kind: "rule",
      chain: "c",
      statements: [inTransport(8, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)), setTrace()],
    }),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 74 00 00 00 06 00 02 00 63 00 00 00
      bc 00 04 80
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00           # "payload"
        24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 02                                 #   from the transport header
        08 00 03 00 00 00 00 08 08 00 04 00 00 00 00 0c         #   12 bytes at 8
      34 00 01 80 08 00 01 00 63 6d 70 00                       # "cmp"
        28 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 00                                 #   NFT_CMP_EQ
        14 00 03 80 10 00 01 00 01 02 03 04 05 06 07 08 09 0a 0b 0c
      2c 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00   # "immediate"
        18 00 02 80 08 00 01 00 00 00 00 01                     #   register 1
        0c 00 02 80 05 00 01 00 01 00 00 00                     #   NFTA_DATA_VALUE 1, a byte
      24 00 01 80 09 00 01 00 6d 65 74 61 00 00 00 00           # "meta"
        14 00 02 80 08 00 02 00 00 00 00 0c                     #   NFT_META_NFTRACE
        08 00 03 00 00 00 00 01                                 #   from register 1`,
  },
  {
    text: 'add rule ip berth c ip daddr != 10.1.2.0/24 ip daddr != 224.0.0.0/4 masquerade comment "rule c"',
    command: add("ip", "berth", {
      kind: "rule",
      chain: "c",
      statements: [notDaddr(prefix("10.1.2.0/24")), notDaddr(prefix("224.0.0.0/4")), masquerade()],
      comment: "rule c",
    }),
    coder: ruleAttrs,
    sent: `
      0a 00 01 00 62 65 72 74 68 00 00 00                       # NFTA_RULE_TABLE "berth"
      06 00 02 00 63 00 00 00                                   # NFTA_RULE_CHAIN "c"
      1c 01 04 80                                               # NFTA_RULE_EXPRESSIONS
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00           # "payload"
        24 00 02 80 08 00 01 00 00 00 00 01                     #   to register 1
        08 00 02 00 00 00 00 01                                 #   from the network header
        08 00 03 00 00 00 00 10 08 00 04 00 00 00 00 03         #   3 bytes at 16
      2c 00 01 80 08 00 01 00 63 6d 70 00                       # "cmp"
        20 00 02 80 08 00 01 00 00 00 00 01                     #   register 1
        08 00 02 00 00 00 00 01                                 #   NFT_CMP_NEQ
        0c 00 03 80 07 00 01 00 0a 01 02 00                     #   NFTA_DATA_VALUE 10.1.2, padded
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00           # "payload"
        24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01
        08 00 03 00 00 00 00 10 08 00 04 00 00 00 00 04         #   4 bytes at 16
      44 00 01 80 0c 00 01 00 62 69 74 77 69 73 65 00           # "bitwise"
        34 00 02 80 08 00 01 00 00 00 00 01                     #   source register 1
        08 00 02 00 00 00 00 01 08 00 03 00 00 00 00 04         #   destination register 1, 4 bytes
        0c 00 04 80 08 00 01 00 f0 00 00 00                     #   mask
        0c 00 05 80 08 00 01 00 00 00 00 00                     #   xor
      2c 00 01 80 08 00 01 00 63 6d 70 00                       # "cmp"
        20 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01
        0c 00 03 80 08 00 01 00 e0 00 00 00                     #   224.0.0.0
      14 00 01 80 09 00 01 00 6d 61 73 71 00 00 00 00           # "masq"
        04 00 02 80                                             #   without attributes
      0d 00 07 00 00 07 72 75 6c 65 20 63 00 00 00 00           # NFTA_RULE_USERDATA: comment "rule c"`,
  },
  {
    text: "add rule ip berth c ip daddr != 10.1.2.3/32 jump c",
    command: add("ip", "berth", {
      kind: "rule",
      chain: "c",
      statements: [notDaddr(prefix("10.1.2.3/32")), jump("c")],
    }),
    coder: ruleAttrs,
    sent: `
      0a 00 01 00 62 65 72 74 68 00 00 00 06 00 02 00 63 00 00 00
      9c 00 04 80
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00           # "payload"
        24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01
        08 00 03 00 00 00 00 10 08 00 04 00 00 00 00 04
      2c 00 01 80 08 00 01 00 63 6d 70 00                       # "cmp"
        20 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 01
        0c 00 03 80 08 00 01 00 0a 01 02 03
      38 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00   # "immediate"
        24 00 02 80 08 00 01 00 00 00 00 00                     #   register 0, the verdict
        18 00 02 80 14 00 02 80                                 #   NFTA_DATA_VERDICT
        08 00 01 00 ff ff ff fd                                 #     NFT_JUMP
        06 00 02 00 63 00 00 00                                 #     chain "c"`,
  },
  {
    text: 'add rule bridge b pre iifname "veth0" jump c',
    command: add("bridge", "b", { kind: "rule", chain: "pre", statements: [iifname("veth0"), jump("c")] }),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 62 00 00 00 08 00 02 00 70 72 65 00
      98 00 04 80
      24 00 01 80 09 00 01 00 6d 65 74 61 00 00 00 00           # "meta"
        14 00 02 80 08 00 02 00 00 00 00 06                     #   NFT_META_IIFNAME
        08 00 01 00 00 00 00 01                                 #   to register 1
      38 00 01 80 08 00 01 00 63 6d 70 00                       # "cmp"
        2c 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 00                                 #   NFT_CMP_EQ
        18 00 03 80 14 00 01 00                                 #   IFNAMSIZ bytes
        76 65 74 68 30 00 00 00 00 00 00 00 00 00 00 00
      38 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00   # "immediate"
        24 00 02 80 08 00 01 00 00 00 00 00
        18 00 02 80 14 00 02 80
        08 00 01 00 ff ff ff fd                                 #     NFT_JUMP
        06 00 02 00 63 00 00 00`,
  },
  {
    text: "add rule bridge b c ether saddr 02:00:00:00:00:01 return",
    command: add("bridge", "b", {
      kind: "rule",
      chain: "c",
      statements: [etherSaddr(parseMac("02:00:00:00:00:01") ?? expect.unreachable()), verdict("return")],
    }),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 62 00 00 00 06 00 02 00 63 00 00 00
      98 00 04 80
      34 00 01 80 0c 00 01 00 70 61 79 6c 6f 61 64 00           # "payload"
        24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 00                                 #   from the link header
        08 00 03 00 00 00 00 06 08 00 04 00 00 00 00 06         #   6 bytes at 6
      30 00 01 80 08 00 01 00 63 6d 70 00                       # "cmp"
        24 00 02 80 08 00 01 00 00 00 00 01
        08 00 02 00 00 00 00 00
        10 00 03 80 0a 00 01 00 02 00 00 00 00 01 00 00
      30 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00   # "immediate"
        1c 00 02 80 08 00 01 00 00 00 00 00
        10 00 02 80 0c 00 02 80
        08 00 01 00 ff ff ff fb                                 #     NFT_RETURN`,
  },
  {
    text: "add rule bridge b c drop",
    command: add("bridge", "b", { kind: "rule", chain: "c", statements: [verdict("drop")] }),
    coder: ruleAttrs,
    sent: `
      06 00 01 00 62 00 00 00 06 00 02 00 63 00 00 00
      34 00 04 80
      30 00 01 80 0e 00 01 00 69 6d 6d 65 64 69 61 74 65 00 00 00   # "immediate"
        1c 00 02 80 08 00 01 00 00 00 00 00
        10 00 02 80 0c 00 02 80
        08 00 01 00 00 00 00 00                                 #     NF_DROP`,
  },
];
