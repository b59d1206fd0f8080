/** An exchange numbers its messages, and tells whose an answer is. */
import { expect, test } from "bun:test";
import { EEXIST } from "../../../src/base/errno.ts";
import { Exchange } from "../../../src/netlink/exchange.ts";
import { hex } from "../../support/hex.ts";
import { scripted } from "../../support/scripted.ts";
import { ack, DATA, ERROR, GET, message, play, request, SET, write } from "./frames.ts";

test("an exchange begins to number again before its numbers have more than 32 bits", () => {
  const rows = [
    [hex(message(GET, 1, 0xffff0001, "aa 00 00 00")), hex(message(DATA, 0, 0xffff0001))],
    [hex(message(GET, 1, 1, "aa 00 00 00")), hex(message(DATA, 0, 0xffff0001) + message(DATA, 0, 1, "2a 00 00 00"))],
  ] as const;
  const script = scripted(...rows);
  const exchange = new Exchange(script, undefined, 0xffff0001);
  for (const size of [0, 4]) {
    exchange.add({ type: GET, flags: 0, write }, undefined, 0);
    exchange.send();
    expect(exchange.next().body.left).toBe(size);
    exchange.begin();
  }
  script.done();
});

test("begin() is for a caller that frames its own messages, numbered on", () => {
  const framed = hex(message(GET, 1, 1, "aa 00 00 00") + message(DATA, 0x401, 2));
  const answers = hex(ack(0) + message(DATA, 0, 3) + message(DATA, 0, 2, "2a 00 00 00") + ack(1, EEXIST));
  const rows = [
    [framed, answers],
    [hex(message(SET, 5, 3, "aa 00 00 00")), hex(ack(3))],
  ] as const;
  play(scripted(...rows), (client) => {
    const exchange = client.begin();
    exchange.add({ type: GET, flags: 0, write }, undefined, 0);
    exchange.add({ type: DATA, flags: 0x400, write: () => {} }, undefined, 0);
    exchange.send();
    const next = () => {
      const answer = exchange.next();
      return [exchange.placeOf(answer), answer.type];
    };
    expect([next(), next()]).toEqual([
      [1, DATA],
      [0, ERROR],
    ]);
    client.change(request());
  });
});
