/** Lists of the kernel: their parts, their end, and what comes between. */
import { describe, expect, test } from "bun:test";
import { EBUSY, EEXIST, EINTR, ENOBUFS } from "../../../src/base/errno.ts";
import { Client } from "../../../src/netlink/client.ts";
import type { Question } from "../../../src/netlink/request.ts";
import { hex } from "../../support/hex.ts";
import { scripted } from "../../support/scripted.ts";
import { ack, DATA, DONE, DUMP_INTR, failure, GET, MULTI, message, play, value, write } from "./frames.ts";

const signal = Object.assign(new Error("interrupted"), { signal: "SIGTERM" });

describe("dump()", () => {
  const asked = (seq: number) => hex(message(GET, 0x301, seq, "aa 00 00 00"));
  const item = (seq: number, text: string, flags = MULTI) => message(DATA, flags, seq, text);
  const done = (seq: number, flags = MULTI, code = "00 00 00 00") => message(DONE, flags, seq, code);
  const SHOW: Question<undefined, number> = { type: GET, flags: 0, text: () => "ip link show", write, read: value };
  const dump = (client: Client) => client.dump(SHOW, undefined);
  const play1 = (...replies: string[]) => play(scripted([asked(1), ...replies.map(hex)]), dump);

  test("collects the parts of several datagrams up to NLMSG_DONE", () => {
    const first = item(1, "01 00 00 00") + item(1, "02 00 00 00");
    expect(play1(first, item(1, "03 00 00 00"), done(1))).toEqual([1, 2, 3]);
    expect(play1(first + item(1, "03 00 00 00") + done(1))).toEqual([1, 2, 3]);
  });

  test("may be empty", () => {
    expect(play1(done(1))).toEqual([]);
    expect(play1(message(DONE, MULTI, 1))).toEqual([]);
  });

  test("is empty when there is nothing that it could be of", () => {
    const list = (client: Client) => client.dump({ ...SHOW, absent: 2 }, undefined);
    expect(play(scripted([asked(1), hex(item(1, "01 00 00 00") + done(1, MULTI, "fe ff ff ff"))]), list)).toEqual([]);
    expect(play(scripted([asked(1), hex(ack(1, 2))]), list)).toEqual([]);
  });

  test("passes over stray messages", () => {
    const stray = item(0, "09 00 00 00") + done(0) + ack(0, EEXIST);
    expect(play1(stray, item(1, "01 00 00 00") + stray, done(1))).toEqual([1]);
  });

  test("takes one answer without NLM_F_MULTI as the whole list", () => {
    expect(play1(item(1, "01 00 00 00", 0))).toEqual([1]);
  });

  test.each([
    ["an item", item(1, "07 00 00 00", MULTI | DUMP_INTR) + done(1)],
    ["the end", item(1, "07 00 00 00") + done(1, MULTI | DUMP_INTR)],
    ["the status", item(1, "07 00 00 00") + done(1, MULTI, "fc ff ff ff")],
  ])("is repeated from the start when %s says that it was interrupted", (_, interrupted) => {
    const script = scripted([asked(1), hex(interrupted)], [asked(2), hex(item(2, "01 00 00 00") + done(2))]);
    expect(play(script, dump)).toEqual([1]);
  });

  test("reads an interrupted one to its end, so that nothing of it is left", () => {
    const late = [item(1, "07 00 00 00", MULTI | DUMP_INTR), item(1, "08 00 00 00"), done(1)].map(hex);
    const script = scripted([asked(1), ...late], [asked(2), hex(item(2, "01 00 00 00")), hex(done(2))]);
    expect(play(script, dump)).toEqual([1]);
  });

  test("reads what a signal left open to its end, and asks again", () => {
    const rest = [item(1, "08 00 00 00"), done(1)].map(hex);
    const script = scripted(
      [asked(1), signal],
      [asked(2), hex(item(1, "07 00 00 00")), hex(ack(2, EBUSY)), ...rest],
      [asked(3), hex(item(3, "01 00 00 00") + done(3))],
    );
    const twice = (client: Client) => {
      expect(() => dump(client)).toThrow(signal);
      return dump(client);
    };
    expect(play(script, twice)).toEqual([1]);
  });

  test("gives up with EINTR in the end", () => {
    const rows = Array.from({ length: 10 }, (_, i) => [asked(i + 1), hex(done(i + 1, MULTI | DUMP_INTR))] as const);
    const error = play(scripted(...rows), (client) => failure(() => dump(client)));
    expect(error.errno).toBe(EINTR);
    expect(error.message).toBe("ip link show: interrupted system call (the list kept changing while it was read)");
  });

  test.each([
    ["NLMSG_ERROR", ack(1, 22)],
    ["the status of NLMSG_DONE", item(1, "01 00 00 00") + done(1, MULTI, "ea ff ff ff")],
  ])("throws the error of %s", (_, reply) => {
    expect(failure(() => play1(reply)).message).toBe("ip link show: invalid argument");
  });

  test("passes ENOBUFS on", () => {
    const lost = Object.assign(new Error("recvfrom: no buffer space available"), { errno: ENOBUFS });
    const script = scripted([asked(1), hex(item(1, "01 00 00 00")), lost]);
    expect(() => dump(new Client(script))).toThrow(lost);
  });
});
