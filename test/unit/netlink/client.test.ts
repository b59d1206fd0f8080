import { describe, expect, test } from "bun:test";
import { EBUSY, EEXIST, EINTR, ENOBUFS, errnoText, isErrno } from "../../../src/base/errno.ts";
import { Client } from "../../../src/netlink/client.ts";
import { NetlinkError } from "../../../src/netlink/error.ts";
import { Exchange } from "../../../src/netlink/exchange.ts";
import type { Change, Question, Request } from "../../../src/netlink/request.ts";
import type { Writer } from "../../../src/wire/cursor.ts";
import type { Message } from "../../../src/wire/message.ts";
import { hex } from "../../support/hex.ts";
import { type Scripted, scripted } from "../../support/scripted.ts";
import explainedText from "../../wire/reply-error-text.hex" with { type: "text" };

const SET = 16;
const GET = 18;
const DATA = 20;
const ERROR = 2;
const DONE = 3;
const MULTI = 0x2;
const CAPPED = 0x100;
const DUMP_INTR = 0x10;

/** struct nlmsghdr and `body`, a multiple of four bytes. */
function message(type: number, flags: number, seq: number, body = ""): string {
  const bytes = hex(body);
  const [length, t, f, s] = [
    [16 + bytes.length, 4],
    [type, 2],
    [flags, 2],
    [seq, 4],
  ].map(([value = 0, size = 0]) =>
    Array.from({ length: size }, (_, i) => ((value >>> (8 * i)) & 255).toString(16).padStart(2, "0")).join(" "),
  );
  return `${length} ${t} ${f} ${s} 00 00 00 00 ${body} `;
}

/** NLMSG_ERROR as NETLINK_CAP_ACK makes it. */
function ack(seq: number, errno = 0): string {
  const code = errno === 0 ? "00 00 00 00" : `${(256 - errno).toString(16)} ff ff ff`;
  return message(ERROR, CAPPED, seq, `${code} ${"00 ".repeat(16)}`);
}

const signal = Object.assign(new Error("interrupted"), { signal: "SIGTERM" });

const ASK = message(SET, 5, 1, "aa 00 00 00");

const write = (w: Writer) => w.bytes(hex("aa 00 00 00"));

const SET_X: Change<undefined> = { type: SET, flags: 0, text: () => "ip link set x", write };

function request(over: Partial<Request<undefined>> = {}): Request {
  return { form: SET_X, object: undefined, ...over };
}

/** Runs `use` with a client of a script that must be played to its end. */
function play<T>(script: Scripted, use: (client: Client) => T): T {
  const result = use(new Client(script));
  script.done();
  return result;
}

const failure = (fn: () => unknown): NetlinkError => {
  try {
    fn();
  } catch (error) {
    if (error instanceof NetlinkError) return error;
    throw error;
  }
  expect.unreachable("no NetlinkError was thrown");
};

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

const value = ({ body }: Message): number => body.u32();

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
