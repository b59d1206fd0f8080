/** Messages that nft 1.0.6 sent and that Linux 6.18 answered, captured with strace. */
import { describe, expect, test } from "bun:test";
import { parseIp, parsePrefix } from "../../../src/base/ip.ts";
import { parseMac } from "../../../src/base/mac.ts";
import { Exchange } from "../../../src/netlink/exchange.ts";
import { addBatch, Batch } from "../../../src/nft/batch.ts";
import type { Command } from "../../../src/nft/commands.ts";
import { masquerade, notDaddr } from "../../../src/nft/match.ts";
import { etherSaddr, iifname, jump, verdict } from "../../../src/nft/match-link.ts";
import type { NftObject } from "../../../src/nft/objects.ts";
import { chainAttrs, elementsAttrs, header, ruleAttrs, setAttrs, tableAttrs } from "../../../src/nft/tables.ts";
import { commandText } from "../../../src/nft/text.ts";
import type { Coder } from "../../../src/wire/coder.ts";
import { DecodeError, Reader, Writer } from "../../../src/wire/cursor.ts";
import { dump, hex } from "../../support/hex.ts";

interface Row {
  text: string;
  command: Command;
  // biome-ignore lint/suspicious/noExplicitAny: one table, one coder a row
  coder: Coder<any>;
  /** The attributes, without netlink's header and nfgenmsg. */
  sent: string;
}

const prefix = (text: string) => parsePrefix(text) ?? expect.unreachable();
const add = (family: Command["scope"]["family"], table: string, object: NftObject): Command => ({
  scope: { family, table },
  verb: "add",
  object,
});

const ROWS: Row[] = [
  {
    text: 'add table ip berth { comment "tc" ; }',
    command: add("ip", "berth", { kind: "table", comment: "tc" }),
    coder: tableAttrs,
    sent: `
      0a 00 01 00 62 65 72 74 68 00 00 00   # NFTA_TABLE_NAME "berth"
      08 00 02 00 00 00 00 00               # NFTA_TABLE_FLAGS 0
      09 00 06 00 00 03 74 63 00 00 00 00   # NFTA_TABLE_USERDATA: comment, 3 bytes, "tc"`,
  },
  {
    text: 'add chain ip berth postrouting { type nat hook postrouting priority 101 ; policy accept ; comment "cc" ; }',
    command: add("ip", "berth", {
      kind: "chain",
      name: "postrouting",
      base: { type: "nat", hook: "postrouting", priority: 101, policy: "accept" },
      comment: "cc",
    }),
    coder: chainAttrs,
    sent: `
      0a 00 01 00 62 65 72 74 68 00 00 00                   # NFTA_CHAIN_TABLE "berth"
      10 00 03 00 70 6f 73 74 72 6f 75 74 69 6e 67 00       # NFTA_CHAIN_NAME "postrouting"
      08 00 07 00 6e 61 74 00                               # NFTA_CHAIN_TYPE "nat"
      08 00 05 00 00 00 00 01                               # NFTA_CHAIN_POLICY NF_ACCEPT
      14 00 04 80                                           # NFTA_CHAIN_HOOK, nested
        08 00 01 00 00 00 00 04                             #   NFTA_HOOK_HOOKNUM postrouting
        08 00 02 00 00 00 00 65                             #   NFTA_HOOK_PRIORITY 101
      09 00 0c 00 00 03 63 63 00 00 00 00                   # NFTA_CHAIN_USERDATA: comment "cc"`,
  },
  {
    text: "add chain bridge b pre { type filter hook prerouting priority -300 ; policy drop ; }",
    command: add("bridge", "b", {
      kind: "chain",
      name: "pre",
      base: { type: "filter", hook: "prerouting", priority: -300, policy: "drop" },
    }),
    coder: chainAttrs,
    sent: `
      06 00 01 00 62 00 00 00                # NFTA_CHAIN_TABLE "b"
      08 00 03 00 70 72 65 00                # NFTA_CHAIN_NAME "pre"
      0b 00 07 00 66 69 6c 74 65 72 00 00    # NFTA_CHAIN_TYPE "filter"
      08 00 05 00 00 00 00 00                # NFTA_CHAIN_POLICY NF_DROP
      14 00 04 80                            # NFTA_CHAIN_HOOK
        08 00 01 00 00 00 00 00              #   NFTA_HOOK_HOOKNUM prerouting
        08 00 02 00 ff ff fe d4              #   NFTA_HOOK_PRIORITY -300, big-endian`,
  },
  {
    text: "add chain bridge b c",
    command: add("bridge", "b", { kind: "chain", name: "c" }),
    coder: chainAttrs,
    sent: `
      06 00 01 00 62 00 00 00   # NFTA_CHAIN_TABLE "b"
      06 00 03 00 63 00 00 00   # NFTA_CHAIN_NAME "c"`,
  },
  {
    text: 'add set ip berth s { type ipv4_addr ; comment "set comment" ; }',
    command: add("ip", "berth", { kind: "set", name: "s", type: "ipv4_addr", comment: "set comment" }),
    coder: setAttrs,
    sent: `
      0a 00 01 00 62 65 72 74 68 00 00 00   # NFTA_SET_TABLE "berth"
      06 00 02 00 73 00 00 00               # NFTA_SET_NAME "s"
      08 00 03 00 00 00 00 00               # NFTA_SET_FLAGS 0
      08 00 04 00 00 00 00 07               # NFTA_SET_KEY_TYPE ipv4_addr
      08 00 05 00 00 00 00 04               # NFTA_SET_KEY_LEN
      08 00 0a 00 00 00 00 01               # NFTA_SET_ID
      18 00 0d 00                           # NFTA_SET_USERDATA
        00 04 02 00 00 00                   #   key byte order, 4 bytes in host order: 2, big-endian
        07 0c 73 65 74 20 63 6f 6d 6d 65 6e 74 00   # comment "set comment"`,
  },
  {
    text: "add set bridge b i { type ifname ; }",
    command: add("bridge", "b", { kind: "set", name: "i", type: "ifname" }),
    coder: setAttrs,
    sent: `
      06 00 01 00 62 00 00 00               # NFTA_SET_TABLE "b"
      06 00 02 00 69 00 00 00               # NFTA_SET_NAME "i"
      08 00 03 00 00 00 00 00               # NFTA_SET_FLAGS 0
      08 00 04 00 00 00 00 29               # NFTA_SET_KEY_TYPE ifname
      08 00 05 00 00 00 00 10               # NFTA_SET_KEY_LEN 16
      08 00 0a 00 00 00 00 01               # NFTA_SET_ID
      0a 00 0d 00 00 04 01 00 00 00 00 00   # NFTA_SET_USERDATA: key byte order 1, host`,
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

const BATCH_BEGIN = 20;
const HEADERS = 16 + 4;

// biome-ignore lint/suspicious/noExplicitAny: see Row
function encoded(coder: Coder<any>, value: unknown): Uint8Array {
  const w = new Writer();
  coder.encode(w, value);
  return w.finish();
}

/** A batch as one datagram, whose first message has the number `first`. */
function batchOf(commands: readonly Command[], first: number): Uint8Array {
  const sent: Uint8Array[] = [];
  const send = (datagram: Uint8Array) => void sent.push(datagram);
  const nothing = () => expect.unreachable();
  const exchange = new Exchange({ send, receive: nothing, cookie: nothing, close: nothing }, undefined, first);
  addBatch(exchange, commands);
  exchange.send();
  return sent[0] ?? nothing();
}

describe("messages of nft", () => {
  for (const { text, command, coder, sent } of ROWS) {
    test(`addBatch() writes what nft sends for: ${text}`, () => {
      const datagram = batchOf([command], 7);
      expect(dump(datagram.subarray(BATCH_BEGIN + HEADERS, -20))).toBe(dump(hex(sent)));
    });

    test(`commandText() is: ${text}`, () => {
      expect(commandText(command)).toBe(text);
    });

    test(`decoding and encoding keeps: ${text}`, () => {
      expect(dump(encoded(coder, coder.decode(new Reader(hex(sent)))))).toBe(dump(hex(sent)));
    });
  }

  test("addBatch() frames the commands as nft does", () => {
    const drop = { kind: "chain", name: "c" } as const;
    const datagram = batchOf([{ scope: { family: "bridge", table: "b" }, verb: "add", object: drop }], 0);
    expect(dump(datagram)).toBe(
      dump(
        hex(`
          14 00 00 00 10 00 01 00 00 00 00 00 00 00 00 00   # NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, sequence 0
          00 00 00 0a                                       # AF_UNSPEC, NFNETLINK_V0, res_id NFNL_SUBSYS_NFTABLES
          24 00 00 00 03 0a 05 04 01 00 00 00 00 00 00 00   # NFT_MSG_NEWCHAIN, REQUEST|ACK|CREATE, sequence 1
          07 00 00 00                                       # NFPROTO_BRIDGE
          06 00 01 00 62 00 00 00 06 00 03 00 63 00 00 00
          14 00 00 00 11 00 01 00 02 00 00 00 00 00 00 00   # NFNL_MSG_BATCH_END, sequence 2
          00 00 00 0a`),
      ),
    );
  });
});

test("addBatch() asks the kernel to delete a set only if it is empty", () => {
  const set = { kind: "set", name: "s", type: "ipv4_addr" } as const;
  const batch = new Batch("ip", "berth").delete({ kind: "handle", chain: "c", handle: 3 }).delete(set).destroy(set);
  expect(dump(batchOf(batch.commands, 0).subarray(BATCH_BEGIN, -20))).toBe(
    dump(
      hex(`
        34 00 00 00 08 0a 01 00 01 00 00 00 00 00 00 00   # NFT_MSG_DELRULE, REQUEST, sequence 1
        02 00 00 00 0a 00 01 00 62 65 72 74 68 00 00 00   # NFPROTO_IPV4, table "berth"
        06 00 02 00 63 00 00 00                           # NFTA_RULE_CHAIN "c"
        0c 00 03 00 00 00 00 00 00 00 00 03               # NFTA_RULE_HANDLE 3
        28 00 00 00 0b 0a 01 01 02 00 00 00 00 00 00 00   # NFT_MSG_DELSET, REQUEST|NONREC, sequence 2
        02 00 00 00 0a 00 01 00 62 65 72 74 68 00 00 00
        06 00 02 00 73 00 00 00                           # NFTA_SET_NAME "s"
        28 00 00 00 0b 0a 05 00 03 00 00 00 00 00 00 00   # NFT_MSG_DELSET, REQUEST|ACK, sequence 3
        02 00 00 00 0a 00 01 00 62 65 72 74 68 00 00 00
        06 00 02 00 73 00 00 00`),
    ),
  );
});

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
