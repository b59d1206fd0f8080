/** The fake at the seam of netlink/socket.ts: a kernel that knows its lines. */
import { expect } from "bun:test";
import type { Socket } from "../../src/netlink/socket.ts";

/** A datagram that is expected, and what comes of it, in order: datagrams to be received, or errors to be thrown. */
export type Row = readonly [request: Uint8Array, ...replies: readonly (Uint8Array | Error)[]];

export interface Scripted extends Socket {
  /** Fails the test unless every row was sent and every reply was received. */
  done(): void;
}

/**
 * A socket that expects the requests of `rows` in their order, byte for byte, and answers as they say. Waiting for more
 * than the script has fails at once: a client that does so would hang.
 */
export function scripted(...rows: readonly Row[]): Scripted {
  const ahead = [...rows];
  const queue: (Uint8Array | Error)[] = [];
  return {
    send(datagram) {
      const row = ahead.shift();
      if (!row) throw new Error(`scripted: nothing more is expected, but ${datagram.length} bytes were sent`);
      expect(datagram).toEqual(row[0]);
      queue.push(...(row.slice(1) as (Uint8Array | Error)[]));
    },
    receive() {
      const reply = queue.shift();
      if (reply === undefined) throw new Error("scripted: waiting for a reply that never comes");
      if (reply instanceof Error) throw reply;
      return reply;
    },
    cookie: () => "4711",
    close() {},
    done: () => expect([ahead.length, queue.length]).toEqual([0, 0]),
  };
}
