/**
 * The law of both directions over captured messages with bytes flipped: what decodes, decodes to the same after it was
 * encoded; the rest is a DecodeError. Only in Bun: fast-check is heavy.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Client } from "../../../src/netlink/client.ts";
import { NetlinkError } from "../../../src/netlink/error.ts";
import { listAddrs } from "../../../src/rtnl/addr.ts";
import { anyRouteAttrs } from "../../../src/rtnl/any-route.ts";
import { filterAttrs } from "../../../src/rtnl/filter.ts";
import { ifbAttrs } from "../../../src/rtnl/kinds/ifb.ts";
import { macvlanAttrs } from "../../../src/rtnl/kinds/macvlan.ts";
import { plainAttrs } from "../../../src/rtnl/kinds/plain.ts";
import { neighbourAttrs, neighHeader } from "../../../src/rtnl/neighbours.ts";
import { placeAttrs } from "../../../src/rtnl/place-link.ts";
import { qdiscAttrs } from "../../../src/rtnl/qdisc.ts";
import { decodeLink } from "../../../src/rtnl/read-link.ts";
import { listRoutes } from "../../../src/rtnl/route.ts";
import { ruleAttrs, ruleHeader } from "../../../src/rtnl/rule.ts";
import { sourceAttrs } from "../../../src/rtnl/sole-route.ts";
import {
  addrAttrs,
  addrHeader,
  bridgeAttrs,
  linkAttrs,
  linkFamilies,
  linkHeader,
  neighAttrs,
  routeAttrs,
  routeHeader,
} from "../../../src/rtnl/tables.ts";
import { tcHeader } from "../../../src/rtnl/tc.ts";
import { tuningAttrs } from "../../../src/rtnl/tune-link.ts";
import { entries, portAttrs } from "../../../src/rtnl/vlan.ts";
import type { Coder } from "../../../src/wire/coder.ts";
import { DecodeError, Reader, Writer } from "../../../src/wire/cursor.ts";
import { type Message, readAck, readMessages } from "../../../src/wire/message.ts";
import { hex } from "../../support/hex.ts";
import { fieldsOf } from "../../support/link-fields.ts";
import explainedText from "../../wire/reply-error-text.hex" with { type: "text" };
import wholeText from "../../wire/reply-error-whole.hex" with { type: "text" };
import { bytesOf, type Captured } from "./captured.ts";

const HEADER = 16;

/** A header and its attributes. */
// biome-ignore lint/suspicious/noExplicitAny: of every message
type Both = { header: Coder<any>; attributes: Coder<any> };

const link = (attributes: Both["attributes"]): Both => ({ header: linkHeader, attributes });
const addr: Both = { header: addrHeader, attributes: addrAttrs };
const qdisc: Both = { header: tcHeader, attributes: qdiscAttrs };
const route: Both = { header: routeHeader, attributes: routeAttrs };
const neigh: Both = { header: { encode: (w, v) => w.bytes(v), decode: (r) => r.take(12) }, attributes: neighAttrs };

const port: Both = { header: linkHeader, attributes: portAttrs };
const vlans: Both = { header: { encode: (w, v) => w.bytes(v), decode: (r) => r.take(8) }, attributes: entries };

const CODERS: Record<Captured, Both> = {
  replyAddrs: addr,
  replyBridge: link(bridgeAttrs),
  replyPort: link(linkAttrs),
  replyRouteHops: route,
  replyRoutes4: route,
  replyRoutes6: route,
  replyVlans: vlans,
  addrDel: addr,
  addr4: addr,
  addr6: addr,
  alias: link(linkAttrs),
  bridge: link(bridgeAttrs),
  linkDel: link(linkAttrs),
  mtu: link(tuningAttrs),
  neighDel: neigh,
  noLinkLocal: link(linkFamilies),
  port: link(linkAttrs),
  routeDel: route,
  routeTable: route,
  route4: route,
  route6: route,
  txqlen: link(tuningAttrs),
  up: link(linkAttrs),
  upNotifying: link(linkFamilies),
  veth: link(linkAttrs),
  vlanAdd: port,
  vlanDel: port,
  ifb: link(ifbAttrs),
  ingress: qdisc,
  qdiscDel: qdisc,
  redirection: { header: tcHeader, attributes: filterAttrs },
  routeSrc: { header: routeHeader, attributes: sourceAttrs },
  subnetRouteDel: route,
  anyRoute: { header: routeHeader, attributes: anyRouteAttrs },
  macvlan: link(macvlanAttrs),
  move: link(placeAttrs),
  neigh: { header: neighHeader, attributes: neighbourAttrs },
  plain: link(plainAttrs),
  rule: { header: ruleHeader, attributes: ruleAttrs },
  tbf: qdisc,
  tbf64: qdisc,
};

function decode({ header, attributes }: Both, bytes: Uint8Array): { header: unknown; attributes: unknown } {
  const r = new Reader(bytes);
  return { header: header.decode(r), attributes: attributes.decode(r) };
}

function encode({ header, attributes }: Both, value: ReturnType<typeof decode>): Uint8Array {
  const w = new Writer();
  header.encode(w, value.header);
  attributes.encode(w, value.attributes);
  return w.finish();
}

/** The value, or undefined for a DecodeError; anything else is thrown on. */
function attempt<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** `bytes` with some of them changed, and maybe cut short. */
function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const flip = fc.tuple(
    fc.nat(bytes.length - 1),
    fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 4, 5, 127, 128, 255)),
  );
  return fc
    .tuple(
      fc.array(flip, { maxLength: 6 }),
      fc.oneof({ weight: 3, arbitrary: fc.constant(bytes.length) }, fc.nat(bytes.length)),
    )
    .map(([flips, length]) => {
      const copy = bytes.slice();
      for (const [at, value] of flips) copy[at] = value;
      return copy.subarray(0, length);
    });
}

const NAMES = Object.keys(CODERS) as Captured[];

test.each(NAMES)("decode∘encode∘decode is decode over %s", (name) => {
  const coder = CODERS[name];
  const [first] = readMessages(bytesOf(name));
  const body = first?.body.take(first.body.left) ?? new Uint8Array();
  expect(attempt(() => decode(coder, body))).toBeDefined();
  fc.assert(
    fc.property(damaged(body), (bytes) => {
      const value = attempt(() => decode(coder, bytes));
      if (value) expect(decode(coder, encode(coder, value))).toEqual(value);
    }),
    { numRuns: 1000 },
  );
});

test.each(NAMES)("readMessages() gives values or DecodeError over %s", (name) => {
  fc.assert(
    fc.property(damaged(bytesOf(name)), (bytes) => {
      const messages = attempt(() => readMessages(bytes)) ?? [];
      for (const message of messages) {
        expect(message.body.left).toBeLessThanOrEqual(bytes.length - HEADER);
        attempt(() => fieldsOf(decodeLink(message)));
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["with its text", explainedText],
  ["with the whole request", wholeText],
])("readAck() gives a value or DecodeError over an error %s", (_, text) => {
  fc.assert(
    fc.property(
      damaged(hex(text).subarray(HEADER)),
      fc.constantFrom(0, 0x100, 0x200, 0x300),
      fc.constantFrom(2, 3),
      (bytes, flags, type) => {
        const message: Message = { type, flags, seq: 1, body: new Reader(bytes) };
        const ack = attempt(() => readAck(message));
        if (ack) expect(Number.isInteger(ack.errno)).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
});

/** A kernel whose first answer is `bytes`; to all that follows, and to a repeated request, it says that the dump has ended. */
function sending(bytes: Uint8Array): Client {
  const done = hex("14 00 00 00  03 00 02 00  00 00 00 00  00 00 00 00  00 00 00 00");
  const first = [bytes];
  const send = () => done.set([(done[8] ?? 0) + 1], 8);
  return new Client({ send, receive: () => first.shift() ?? done, cookie: () => undefined, close() {} });
}

/** `bytes` with the sequence number of the first request in every message. */
function answer(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  for (let at = 0; at < copy.length; at += (((copy[at] ?? 0) | ((copy[at + 1] ?? 0) << 8)) + 3) & ~3) copy[at + 8] = 1;
  return copy;
}

test.each([
  ["listAddrs()", "replyAddrs", (client: Client) => listAddrs(client, 2)],
  ["listRoutes()", "replyRouteHops", (client: Client) => listRoutes(client, 10)],
  ["listRoutes()", "replyRoutes4", (client: Client) => listRoutes(client, 2)],
  ["listRoutes()", "replyRoutes6", (client: Client) => listRoutes(client, 10)],
] as const)("%s ends with a list, a NetlinkError or DecodeError over %s", (_, name, ask) => {
  fc.assert(
    fc.property(damaged(answer(bytesOf(name))), (bytes) => {
      try {
        expect(attempt(() => ask(sending(bytes))) ?? []).toBeArray();
      } catch (error) {
        expect(error).toBeInstanceOf(NetlinkError);
      }
    }),
    { numRuns: 1000 },
  );
});
