/** What a captured message of nft is here, and the ways to the bytes that berth writes for one. */
import { expect } from "bun:test";
import { Exchange } from "../../../src/netlink/exchange.ts";
import { addBatch } from "../../../src/nft/batch.ts";
import type { Command } from "../../../src/nft/commands.ts";
import type { NftObject } from "../../../src/nft/objects.ts";
import type { Coder } from "../../../src/wire/coder.ts";
import { Writer } from "../../../src/wire/cursor.ts";

export interface Row {
  text: string;
  command: Command;
  // biome-ignore lint/suspicious/noExplicitAny: one table, one coder a row
  coder: Coder<any>;
  /** The attributes, without netlink's header and nfgenmsg. */
  sent: string;
}

export const add = (family: Command["scope"]["family"], table: string, object: NftObject): Command => ({
  scope: { family, table },
  verb: "add",
  object,
});

// biome-ignore lint/suspicious/noExplicitAny: see Row
export function encoded(coder: Coder<any>, value: unknown): Uint8Array {
  const w = new Writer();
  coder.encode(w, value);
  return w.finish();
}

/** A batch as one datagram, whose first message has the number `first`. */
export function batchOf(commands: readonly Command[], first: number): Uint8Array {
  const sent: Uint8Array[] = [];
  const send = (datagram: Uint8Array) => void sent.push(datagram);
  const nothing = () => expect.unreachable();
  const exchange = new Exchange({ send, receive: nothing, cookie: nothing, close: nothing }, undefined, first);
  addBatch(exchange, commands);
  exchange.send();
  return sent[0] ?? nothing();
}
