/** A client asks and changes one thing, and closes its socket. */
import { describe, expect, test } from "bun:test";
import { EEXIST, ENOBUFS, errnoText, isErrno } from "../../../src/base/errno.ts";
import { Client } from "../../../src/netlink/client.ts";
import { hex } from "../../support/hex.ts";
import { scripted } from "../../support/scripted.ts";
import explainedText from "../../wire/reply-error-text.hex" with { type: "text" };
import { ASK, ack, DATA, failure, GET, message, play, request, SET, value, write } from "./frames.ts";

describe("change()", () => {
  test("sends one message and takes its acknowledgement", () => {
    play(scripted([hex(ASK), hex(ack(1))]), (client) => client.change(request()));
  });

  test("numbers its requests", () => {
    const second = message(SET, 5, 2, "aa 00 00 00");
    play(scripted([hex(ASK), hex(ack(1))], [hex(second), hex(ack(2))]), (client) => {
      client.change(request());
      client.change(request());
    });
  });

  test("throws the kernel's error with its text", () => {
    const reply = hex(explainedText);
    reply[8] = 1;
    const error = failure(() => new Client(scripted([hex(ASK), reply])).change(request()));
    expect(error.message).toBe(`ip link set x: ${errnoText(101)} (Nexthop has invalid gateway)`);
    expect([error.errno, error.operation, error.kernelText]).toEqual([
      101,
      "ip link set x",
      "Nexthop has invalid gateway",
    ]);
  });

  test("throws an error that has no text", () => {
    const error = failure(() => new Client(scripted([hex(ASK), hex(ack(1, EEXIST))])).change(request()));
    expect([error.message, error.kernelText]).toEqual(["ip link set x: file exists", undefined]);
  });

  test("counts a tolerated error as success", () => {
    play(scripted([hex(ASK), hex(ack(1, EEXIST))]), (client) => client.change(request({ tolerate: [EEXIST] })));
  });

  test("passes over stray messages: late answers, notifications, other types", () => {
    const stray = [ack(0), ack(7, EEXIST), ack(0xffffffff, EEXIST), message(DATA, 0, 1, "00 00 00 00")];
    const replies = [...stray, stray.join(""), stray.join("") + ack(1)].map(hex);
    play(scripted([hex(ASK), ...replies]), (client) => client.change(request()));
  });

  test("passes ENOBUFS on", () => {
    const lost = Object.assign(new Error("recvfrom: no buffer space available"), { errno: ENOBUFS });
    const client = new Client(scripted([hex(ASK), lost]));
    try {
      client.change(request());
      expect.unreachable("nothing was thrown");
    } catch (error) {
      expect(error).toBe(lost);
      expect(isErrno(error, ENOBUFS)).toBe(true);
    }
  });
});

describe("get() and getAll()", () => {
  const ASKED = message(GET, 1, 1, "aa 00 00 00");
  const SHOW_X = { type: GET, flags: 0, absent: 19, text: () => "ip link show x", write, read: value };
  const get = (client: Client) => client.get(SHOW_X, undefined);

  test("read the answer, whatever else comes", () => {
    const replies = [message(DATA, 0, 0, "01 00 00 00"), ack(9, EEXIST), message(DATA, 0, 1, "2a 00 00 00")];
    expect(play(scripted([hex(ASKED), ...replies.map(hex)]), get)).toBe(42);
  });

  test("throw the kernel's error", () => {
    const error = play(scripted([hex(ASKED), hex(ack(1, 22))]), (client) => failure(() => get(client)));
    expect([error.errno, error.message]).toEqual([22, "ip link show x: invalid argument"]);
    const both = (client: Client) => client.getAll(SHOW_X, [undefined, undefined]);
    const row = [hex(ASKED + message(GET, 1, 2, "aa 00 00 00")), hex(ack(1, 19) + ack(2, 22))] as const;
    expect(failure(() => play(scripted(row), both)).errno).toBe(22);
  });

  test("are undefined for what is not there", () => {
    expect(play(scripted([hex(ASKED), hex(ack(1, 19))]), get)).toBeUndefined();
    const both = (client: Client) => client.getAll(SHOW_X, [undefined, undefined]);
    const asked = hex(ASKED + message(GET, 1, 2, "aa 00 00 00"));
    const row = [asked, hex(ack(1, 19)), hex(message(DATA, 0, 2, "2a 00 00 00"))] as const;
    expect(play(scripted(row), both)).toEqual([undefined, 42]);
  });
});

test("what comes after an answer in its datagram is nobody's", () => {
  const broken = hex(`${ack(1)} 07 00 00 00`);
  play(scripted([hex(ASK), broken], [hex(message(SET, 5, 2, "aa 00 00 00")), hex(ack(2))]), (client) => {
    client.change(request());
    client.change(request());
  });
});

test("a client closes its socket, also at the end of its block", () => {
  let closed = 0;
  const socket = { ...scripted(), close: () => void closed++ };
  {
    using client = new Client(socket);
    expect(client.cookie()).toBe("4711");
  }
  new Client(socket).close();
  expect(closed).toBe(2);
});

test("a tap sees every datagram in both directions", () => {
  const seen: [string, number][] = [];
  const stray = hex(ack(0));
  const client = new Client(scripted([hex(ASK), stray, hex(ack(1))]), (direction, { length }) =>
    seen.push([direction, length]),
  );
  client.change(request());
  expect(seen).toEqual([
    [">", 20],
    ["<", 36],
    ["<", 36],
  ]);
});
