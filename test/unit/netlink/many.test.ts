/** Several requests at once: one datagram, and an answer for each. */
import { describe, expect, test } from "bun:test";
import { EEXIST } from "../../../src/base/errno.ts";
import type { Client } from "../../../src/netlink/client.ts";
import type { Change, Question, Request } from "../../../src/netlink/request.ts";
import { hex } from "../../support/hex.ts";
import { scripted } from "../../support/scripted.ts";
import { ack, DATA, failure, message, play, SET, SET_X } from "./frames.ts";

describe("changeAll() and attempt()", () => {
  const SET_NUMBER: Change<{ name: string; i: number }> = {
    type: SET,
    flags: 0x600,
    text: ({ name }) => `ip link set ${name}`,
    write: (w, { i }) => w.u32(i),
  };
  const numbered = (name: string, i: number): Request => ({ form: SET_NUMBER, object: { name, i } });
  const three = ["a", "b", "c"].map(numbered);
  /** One datagram; only the last message asks for an acknowledgement. */
  const DATAGRAM =
    message(SET, 0x601, 1, "00 00 00 00") +
    message(SET, 0x601, 2, "01 00 00 00") +
    message(SET, 0x605, 3, "02 00 00 00");

  test("send all in one datagram and wait for the last", () => {
    play(scripted([hex(DATAGRAM), hex(ack(3))]), (client) => client.change(...three));
    expect(play(scripted([hex(DATAGRAM), hex(ack(3))]), (client) => client.attempt(three))).toEqual(new Array(3));
  });

  const question: Question<undefined, number> = { ...SET_X, absent: 19, read: ({ body }) => body.u32() };

  test("give a question's answer, and ask for no acknowledgement of a last one", () => {
    const asked = message(SET, 0x601, 1, "00 00 00 00") + message(SET, 0x1, 2, "aa 00 00 00");
    const ask = (client: Client) => client.attemptAround(three.slice(0, 1), question, undefined, []);
    const row = [hex(asked), hex(message(DATA, 0, 2, "09 00 00 00"))] as const;
    expect(play(scripted(row), ask)).toEqual({ failures: new Array(1), answer: 9 });
    const absent = [hex(asked), hex(ack(1, EEXIST)), hex(ack(2, 19))] as const;
    const { failures, answer } = play(scripted(absent), ask);
    expect([failures.map((error) => error?.errno), answer]).toEqual([[EEXIST], undefined]);
    const refused = [hex(asked), hex(ack(1, EEXIST)), hex(ack(2, EEXIST))] as const;
    expect(failure(() => play(scripted(refused), ask)).message).toBe("ip link set x: file exists");
  });

  test("ask a question between changes", () => {
    const asked =
      message(SET, 0x601, 1, "00 00 00 00") +
      message(SET, 0x1, 2, "aa 00 00 00") +
      message(SET, 0x605, 3, "01 00 00 00");
    const ask = (client: Client) => client.attemptAround(three.slice(0, 1), question, undefined, three.slice(1, 2));
    const row = [hex(asked), hex(message(DATA, 0, 2, "09 00 00 00")), hex(ack(3, EEXIST))] as const;
    const { failures, answer } = play(scripted(row), ask);
    expect([failures.map((error) => error?.operation), answer]).toEqual([[undefined, "ip link set b"], 9]);
  });

  test("tell which one failed in the middle, after all are answered", () => {
    const row = [hex(DATAGRAM), hex(ack(2, EEXIST)), hex(ack(3))] as const;
    const outcome = play(scripted(row), (client) => client.attempt(three));
    expect(outcome.map((error) => error?.message)).toEqual([undefined, "ip link set b: file exists", undefined]);
    expect(play(scripted(row), (client) => failure(() => client.change(...three))).operation).toBe("ip link set b");
  });

  test("throw the first of several failures, also when they come in one datagram", () => {
    const row = [hex(DATAGRAM), hex(ack(1, EEXIST) + ack(3, 19))] as const;
    expect(play(scripted(row), (client) => failure(() => client.change(...three))).operation).toBe("ip link set a");
    expect(play(scripted(row), (client) => client.attempt(three)).map((error) => error?.errno)).toEqual([
      17,
      undefined,
      19,
    ]);
  });

  test("tolerate for each request what it tolerates", () => {
    const [a, b, c] = three as [Request, Request, Request];
    const row = [hex(DATAGRAM), hex(ack(1, EEXIST)), hex(ack(2, EEXIST)), hex(ack(3))] as const;
    const outcome = play(scripted(row), (client) => client.attempt([a, { ...b, tolerate: [EEXIST] }, c]));
    expect(outcome.map((error) => error?.operation)).toEqual(["ip link set a", undefined, undefined]);
  });

  test("send many in several datagrams: what the kernel takes at once is limited, and so is what it answers", () => {
    const many = Array.from({ length: 300 }, (_, i) => numbered(`${i}`, i));
    const sent = (first: number, count: number) =>
      Array.from({ length: count }, (_, i) => {
        const at = first + i;
        const body = `${(at & 255).toString(16).padStart(2, "0")} 0${at >> 8} 00 00`;
        return message(SET, i === count - 1 ? 0x605 : 0x601, at + 1, body);
      }).join("");
    const rows = [
      [hex(sent(0, 128)), hex(ack(128))],
      [hex(sent(128, 128)), hex(ack(200, EEXIST)), hex(ack(256))],
      [hex(sent(256, 44)), hex(ack(300))],
    ] as const;
    const outcome = play(scripted(...rows), (client) => client.attempt(many));
    expect([outcome.length, outcome.findIndex((error) => error !== undefined)]).toEqual([300, 199]);
    expect(play(scripted(...rows), (client) => failure(() => client.change(...many))).operation).toBe(
      "ip link set 199",
    );
  });

  test("ask nothing for nothing", () => {
    play(scripted(), (client) => {
      client.change();
      expect(client.attempt([])).toEqual([]);
    });
  });
});
