/** Commands beside the bytes that nft sends for them. */
import { describe, expect, test } from "bun:test";
import { Exchange } from "../../src/netlink/exchange.ts";
import { addBatch } from "../../src/nft/batch.ts";
import type { Command } from "../../src/nft/commands.ts";
import type { NftObject } from "../../src/nft/objects.ts";
import { commandText } from "../../src/nft/text.ts";
import type { Coder } from "../../src/wire/coder.ts";
import { Reader, Writer } from "../../src/wire/cursor.ts";
import { dump, hex } from "./hex.ts";

/** In the table "t". */
export interface ByteRow {
  text: string;
  family: "ip" | "ip6";
  verb?: Command["verb"];
  object: NftObject;
  // biome-ignore lint/suspicious/noExplicitAny: one table, one coder a row
  coder: Coder<any>;
  /** The attributes, without netlink's header and nfgenmsg. */
  sent: string;
}

const BATCH_BEGIN = 20;
const HEADERS = 16 + 4;

/** What is sent for a command, the messages around it too. */
export function datagramOf(command: Command, generation?: number): Uint8Array {
  const sent: Uint8Array[] = [];
  const nothing = () => expect.unreachable();
  const socket = { send: (datagram: Uint8Array) => void sent.push(datagram), receive: nothing, cookie: nothing };
  const exchange = new Exchange({ ...socket, close: nothing }, undefined, 7);
  addBatch(exchange, [command], generation);
  exchange.send();
  return sent[0] ?? nothing();
}

/** Tests of each row that it is written, printed and read so. */
export function testBytes(what: string, rows: readonly ByteRow[]): void {
  describe(what, () => {
    for (const { text, family, verb = "add", object, coder, sent } of rows) {
      const command: Command = { scope: { family, table: "t" }, verb, object };

      test(`addBatch() writes what nft sends for: ${text}`, () => {
        expect(dump(datagramOf(command).subarray(BATCH_BEGIN + HEADERS, -20))).toBe(dump(hex(sent)));
      });

      test(`commandText() is: ${text}`, () => {
        expect(commandText(command)).toBe(text);
      });

      test(`decoding and encoding keeps: ${text}`, () => {
        const w = new Writer();
        coder.encode(w, coder.decode(new Reader(hex(sent))));
        expect(dump(w.finish())).toBe(dump(hex(sent)));
      });
    }
  });
}
