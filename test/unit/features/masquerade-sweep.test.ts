import { expect, test } from "bun:test";
import { ENOBUFS } from "../../../src/base/errno.ts";
import { sweepMasquerade } from "../../../src/features/masquerade/nft-sweep.ts";
import { Client } from "../../../src/netlink/client.ts";

const BUILT = [
  { family: "ip", set: { kind: "set", name: "masq-0123456789abcdef-10.1.0.0-24", type: "ipv4_addr" } },
] as const;

/** A client of a kernel that answers every question with `error`; `asked` counts them. */
function failing(error: Error) {
  let asked = 0;
  const send = () => {
    asked++;
    throw error;
  };
  const client = new Client({ send, receive: () => expect.unreachable(), cookie: () => undefined, close: () => {} });
  return { client, asked: () => asked };
}

test("sweepMasquerade() does not make its ADD fail", () => {
  const { client, asked } = failing(Object.assign(new Error("sendto: no buffer space"), { errno: ENOBUFS }));
  sweepMasquerade(client, BUILT);
  expect(asked()).toBe(1);
});

test("sweepMasquerade() lets a signal through, which is the ADD's", () => {
  const { client } = failing(Object.assign(new Error("SIGTERM"), { signal: "SIGTERM" }));
  expect(() => sweepMasquerade(client, BUILT)).toThrow("SIGTERM");
});
