/** Messages as text, and a client that plays them: what the tests here ask and are answered. */
import { expect } from "bun:test";
import { Client } from "../../../src/netlink/client.ts";
import { NetlinkError } from "../../../src/netlink/error.ts";
import type { Change, Request } from "../../../src/netlink/request.ts";
import type { Writer } from "../../../src/wire/cursor.ts";
import type { Message } from "../../../src/wire/message.ts";
import { hex } from "../../support/hex.ts";
import type { Scripted } from "../../support/scripted.ts";

export const SET = 16;
export const GET = 18;
export const DATA = 20;
export const ERROR = 2;
export const DONE = 3;
export const MULTI = 0x2;
const CAPPED = 0x100;
export const DUMP_INTR = 0x10;

/** struct nlmsghdr and `body`, a multiple of four bytes. */
export function message(type: number, flags: number, seq: number, body = ""): string {
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
export function ack(seq: number, errno = 0): string {
  const code = errno === 0 ? "00 00 00 00" : `${(256 - errno).toString(16)} ff ff ff`;
  return message(ERROR, CAPPED, seq, `${code} ${"00 ".repeat(16)}`);
}

export const ASK = message(SET, 5, 1, "aa 00 00 00");

export const write = (w: Writer) => w.bytes(hex("aa 00 00 00"));

export const SET_X: Change<undefined> = { type: SET, flags: 0, text: () => "ip link set x", write };

export function request(over: Partial<Request<undefined>> = {}): Request {
  return { form: SET_X, object: undefined, ...over };
}

/** Runs `use` with a client of a script that must be played to its end. */
export function play<T>(script: Scripted, use: (client: Client) => T): T {
  const result = use(new Client(script));
  script.done();
  return result;
}

export const failure = (fn: () => unknown): NetlinkError => {
  try {
    fn();
  } catch (error) {
    if (error instanceof NetlinkError) return error;
    throw error;
  }
  expect.unreachable("no NetlinkError was thrown");
};

export const value = ({ body }: Message): number => body.u32();
