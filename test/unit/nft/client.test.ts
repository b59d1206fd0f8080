import { expect, test } from "bun:test";
import { EBUSY, EEXIST, ENOENT, EOPNOTSUPP } from "../../../src/base/errno.ts";
import { Client } from "../../../src/netlink/client.ts";
import type { Socket } from "../../../src/netlink/socket.ts";
import { Batch } from "../../../src/nft/batch.ts";
import { attempt, run } from "../../../src/nft/client.ts";
import { Writer } from "../../../src/wire/cursor.ts";
import { NLMSG_ERROR, readMessages, writeMessage } from "../../../src/wire/message.ts";

/** [place in the batch (0 is its begin), errno]. */
type Answer = [place: number, errno: number];

/** A kernel that gives the answers of one round after the other; `sent` counts the messages of each datagram. */
function kernel(...rounds: Answer[][]): { client: Client; sent: number[] } {
  const pending: Uint8Array[] = [];
  const sent: number[] = [];
  const socket: Socket = {
    send(datagram) {
      const messages = readMessages(datagram);
      sent.push(messages.length);
      const first = messages[0]?.seq ?? 0;
      for (const [place, errno] of rounds.shift() ?? []) pending.push(errorMessage(first + place, errno));
    },
    receive: () => pending.shift() ?? expect.unreachable(),
    cookie: () => undefined,
    close: () => {},
  };
  return { client: new Client(socket), sent };
}

function errorMessage(seq: number, errno: number): Uint8Array {
  const w = new Writer();
  const write = () => {
    w.u32(-errno);
    w.zero(16);
  };
  writeMessage(w, NLMSG_ERROR, 0x100, seq, write, undefined);
  return w.finish();
}

const batch = () =>
  new Batch("ip", "t")
    .add({ kind: "table" })
    .create({ kind: "chain", name: "c" })
    .destroy({ kind: "chain", name: "d" });

test("run() is done when the last command is acknowledged", () => {
  const { client, sent } = kernel([[3, 0]]);
  run(client, batch());
  expect(sent).toEqual([5]);
});

test("run() without commands asks nothing", () => {
  const { client, sent } = kernel();
  run(client, new Batch("ip", "t"));
  expect(sent).toEqual([]);
});

test("run() throws the first failure in the words of nft", () => {
  const { client } = kernel([
    [2, EEXIST],
    [3, EBUSY],
  ]);
  expect(() => run(client, batch())).toThrow("nft create chain ip t c: file exists");
});

test("attempt() tells which commands failed", () => {
  const { client } = kernel([
    [2, EEXIST],
    [3, 0],
  ]);
  const failures = attempt(client, batch());
  expect(failures.map(({ command, error }) => [command?.object.kind, error.errno])).toEqual([["chain", EEXIST]]);
});

test("attempt() passes over answers to what was asked before", () => {
  const { client } = kernel([
    [-4, EBUSY],
    [3, 0],
  ]);
  expect(attempt(client, batch())).toEqual([]);
});

test("run() forgives destroy that nothing is there, and does the rest", () => {
  const { client, sent } = kernel([[3, ENOENT]], [[2, 0]]);
  run(client, batch());
  expect(sent).toEqual([5, 4]);
});

test("attempt() does not forgive destroy when another command failed as well", () => {
  const { client, sent } = kernel([
    [2, EEXIST],
    [3, ENOENT],
  ]);
  expect(attempt(client, batch()).map(({ error }) => error.errno)).toEqual([EEXIST, ENOENT]);
  expect(sent).toEqual([5]);
});

test("run() is refused as a whole by the batch's first message", () => {
  const { client } = kernel([[0, EOPNOTSUPP]]);
  expect(() => run(client, batch())).toThrow("nft add table ip t …: operation not supported");
});
