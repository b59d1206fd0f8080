/** Messages that nft 1.0.6 sent, captured with strace: addBatch() writes the same. */
import { describe, expect, test } from "bun:test";
import { Batch } from "../../../src/nft/batch.ts";
import { commandText } from "../../../src/nft/text.ts";
import { Reader } from "../../../src/wire/cursor.ts";
import { dump, hex } from "../../support/hex.ts";
import { batchOf, encoded } from "./captured.ts";
import { OBJECTS } from "./captured-objects.ts";
import { RULES } from "./captured-rules.ts";

const BATCH_BEGIN = 20;
const HEADERS = 16 + 4;

describe("messages of nft", () => {
  for (const { text, command, coder, sent } of [...OBJECTS, ...RULES]) {
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
