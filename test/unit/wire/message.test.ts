import { describe, expect, test } from "bun:test";
import { bytes } from "../../../src/wire/coder.ts";
import { DecodeError, Writer } from "../../../src/wire/cursor.ts";
import {
  type Message,
  NLMSG_DONE,
  NLMSG_ERROR,
  readAck,
  readMessages,
  writeMessage,
} from "../../../src/wire/message.ts";
import { hex } from "../../support/hex.ts";
import ackText from "../../wire/reply-ack.hex" with { type: "text" };
import addrsText from "../../wire/reply-addrs.hex" with { type: "text" };
import doneText from "../../wire/reply-done.hex" with { type: "text" };
import errorText from "../../wire/reply-error.hex" with { type: "text" };
import explainedText from "../../wire/reply-error-text.hex" with { type: "text" };
import wholeText from "../../wire/reply-error-whole.hex" with { type: "text" };

const only = (text: string): Message => {
  const messages = readMessages(hex(text));
  expect(messages).toHaveLength(1);
  return messages[0] as Message;
};

test("writeMessage() patches the length, which is without the padding that it adds", () => {
  const w = new Writer();
  writeMessage(w, 16, 0x605, 7, bytes.encode, hex("aa bb cc"));
  writeMessage(w, 17, 5, 8, bytes.encode, hex(""));
  expect(w.finish()).toEqual(
    hex(`
      13 00 00 00  10 00  05 06  07 00 00 00  00 00 00 00  aa bb cc 00
      10 00 00 00  11 00  05 00  08 00 00 00  00 00 00 00
    `),
  );
});

describe("readMessages()", () => {
  test("reads what writeMessage() wrote", () => {
    const w = new Writer();
    writeMessage(w, 16, 0x605, 0xfffffffe, bytes.encode, hex("aa bb cc"));
    writeMessage(w, 17, 5, 8, bytes.encode, hex(""));
    const read = readMessages(w.finish()).map(({ type, flags, seq, body }) => ({ type, flags, seq, left: body.left }));
    expect(read).toEqual([
      { type: 16, flags: 0x605, seq: 0xfffffffe, left: 3 },
      { type: 17, flags: 5, seq: 8, left: 0 },
    ]);
  });

  test("reads the messages of a captured dump", () => {
    expect(readMessages(hex(addrsText)).map(({ type, seq, body }) => [type, seq, body.left])).toEqual([
      [20, 3, 68],
      [20, 3, 56],
      [20, 3, 64],
    ]);
  });

  test("does without the padding of the last message", () => {
    expect(readMessages(hex("11 00 00 00  10 00 00 00  01 00 00 00  00 00 00 00  ff"))).toHaveLength(1);
  });

  test("gives nothing for an empty datagram", () => expect(readMessages(hex(""))).toEqual([]));

  test.each([
    ["a length below the header's", "0f 00 00 00", "netlink message of length 15"],
    ["a length of zero, which would loop for ever", "00 00 00 00", "netlink message of length 0"],
    ["a length beyond the end", "11 00 00 00", "wanted 1 bytes, 0 left"],
    ["a length that is negative as an int", "ff ff ff ff", "wanted 4294967279 bytes, 0 left"],
  ])("refuses %s", (_, length, message) => {
    expect(() => readMessages(hex(`${length} 10 00 00 00  01 00 00 00  00 00 00 00`))).toThrow(
      new DecodeError(message),
    );
  });

  test("refuses bytes that make no header", () => {
    expect(() => readMessages(hex("10 00 00 00"))).toThrow(new DecodeError("4 bytes after the last netlink message"));
  });
});

describe("readAck() reads what the kernel sent", () => {
  test("an acknowledgement", () => {
    const ack = readAck(only(ackText));
    expect(ack).toEqual({ errno: 0 });
    expect(Object.is(ack.errno, 0)).toBe(true);
  });

  test("an error without a text", () => expect(readAck(only(errorText))).toEqual({ errno: 19 }));

  test("an error with a text", () => {
    expect(readAck(only(explainedText))).toEqual({ errno: 101, text: "Nexthop has invalid gateway" });
  });

  test("an error with a text after the whole request", () => {
    expect(readAck(only(wholeText))).toEqual({ errno: 101, text: "Nexthop has invalid gateway" });
  });

  test("the end of a dump", () => {
    const done = only(doneText);
    expect(done.type).toBe(NLMSG_DONE);
    expect(readAck(done)).toEqual({ errno: 0 });
  });

  test("a dump that ended with an error and its text", () => {
    const w = new Writer();
    writeMessage(w, NLMSG_DONE, 0x202, 3, bytes.encode, hex("fc ff ff ff  06 00 01 00 68 69 00 00"));
    expect(readAck(readMessages(w.finish())[0] as Message)).toEqual({ errno: 4, text: "hi" });
  });

  test("nothing of what is cut short", () => {
    const whole = hex(explainedText);
    for (let length = 16; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      cut[0] = length;
      const [message] = readMessages(cut);
      expect(message?.type).toBe(NLMSG_ERROR);
      const read = () => readAck(message as Message);
      // Between the header of the request and that of the first attribute there is nothing to miss.
      if (length >= 36 && length < 40) expect(read()).toEqual({ errno: 101 });
      else expect(read).toThrow(DecodeError);
    }
  });
});
