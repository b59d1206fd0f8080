/** Neighbours, ways and port states: what ip 6.1 sent, and Linux 6.18 answered, captured with strace. */
import { describe, expect, test } from "bun:test";
import { formatIp, type Ip, parseIp } from "../../../src/base/ip.ts";
import { formatMac } from "../../../src/base/mac.ts";
import { Client } from "../../../src/netlink/client.ts";
import { findNeigh, useNeigh } from "../../../src/rtnl/find-neigh.ts";
import { findPortState } from "../../../src/rtnl/find-port.ts";
import { findWay } from "../../../src/rtnl/find-way.ts";
import { dump, hex } from "../../support/hex.ts";
import { bytesOf } from "./captured.ts";

const ip = (text: string): Ip => parseIp(text) ?? expect.unreachable();

/** A client whose kernel answers with one datagram, and what it was asked. */
function asked(answer: Uint8Array): { client: Client; sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  const reply = answer.slice();
  // The sequence number of the first request.
  reply.set([1, 0, 0, 0], 8);
  const socket = { receive: () => reply, cookie: () => undefined, close() {} };
  return { client: new Client({ ...socket, send: (datagram) => void sent.push(datagram.slice()) }), sent };
}

const REACHABLE = `
  4c 00 00 00 1c 00 00 00 01 00 00 00 00 00 00 00   # RTM_NEWNEIGH
  02 00 00 00 03 00 00 00 02 00 00 01               # AF_INET, index 3, NUD_REACHABLE, RTN_UNICAST
  08 00 01 00 0a 09 00 08                           # NDA_DST
  0a 00 02 00 02 00 00 00 00 08 00 00               # NDA_LLADDR
  08 00 04 00 00 00 00 00                           # NDA_PROBES
  14 00 03 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00   # NDA_CACHEINFO`;

describe("neighbours", () => {
  test("findNeigh asks as ip does and reads the answer", () => {
    const { client, sent } = asked(hex(REACHABLE));
    const found = client.get(findNeigh, { dev: { index: 3, name: "v0" }, address: ip("10.9.0.8") });
    expect(found?.state).toBe("reachable");
    expect(formatMac(found?.mac ?? hex(""))).toBe("02:00:00:00:00:08");
    expect(dump(sent[0] ?? hex(""))).toBe(
      dump(
        hex(`
        24 00 00 00 1e 00 01 00 01 00 00 00 00 00 00 00   # RTM_GETNEIGH
        02 00 00 00 03 00 00 00 00 00 00 00
        08 00 01 00 0a 09 00 08`),
      ),
    );
  });

  test("useNeigh asks as ip does, but for the state, of which the kernel takes no notice", () => {
    const { client, sent } = asked(
      hex(
        "24 00 00 00 02 00 00 01 01 00 00 00 00 00 00 00 00 00 00 00 24 00 00 00 1c 00 05 04 01 00 00 00 00 00 00 00",
      ),
    );
    client.change(useNeigh({ dev: 3, address: ip("10.9.0.7") }));
    expect(dump(sent[0] ?? hex(""))).toBe(
      dump(
        hex(`
        24 00 00 00 1c 00 05 04 01 00 00 00 00 00 00 00   # RTM_NEWNEIGH, REQUEST|ACK|CREATE
        02 00 00 00 03 00 00 00 00 00 01 00               # AF_INET, index 3, no state, NTF_USE
        08 00 01 00 0a 09 00 07`),
      ),
    );
  });
});

describe("findWay()", () => {
  const DIRECT = `
    68 00 00 00 18 00 00 00 01 00 00 00 00 00 00 00   # RTM_NEWROUTE
    02 20 20 00 fe 00 00 01 00 02 00 00               # AF_INET, /32 from /32, table main, RTN_UNICAST, RTM_F_CLONED
    08 00 0f 00 fe 00 00 00                           # RTA_TABLE
    08 00 01 00 0a 09 00 08 08 00 02 00 0a 08 00 02   # RTA_DST, RTA_SRC
    08 00 04 00 03 00 00 00 08 00 03 00 04 00 00 00   # RTA_OIF, RTA_IIF
    24 00 0c 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00   # RTA_CACHEINFO
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`;
  const OWN = `
    68 00 00 00 18 00 00 00 01 00 00 00 00 00 00 00
    02 20 00 00 fe 00 00 01 00 02 00 00
    08 00 0f 00 fe 00 00 00 08 00 01 00 0a 09 00 08
    08 00 04 00 03 00 00 00 08 00 07 00 0a 09 00 01   # RTA_OIF, RTA_PREFSRC
    08 00 19 00 00 00 00 00                           # RTA_UID
    24 00 0c 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`;

  test("asks for a packet that comes in", () => {
    const { client, sent } = asked(hex(DIRECT));
    const entry = { from: ip("10.8.0.2"), dev: { index: 4, name: "br0" } };
    expect(findWay(client, { to: ip("10.9.0.8"), entry })).toEqual({
      oif: 3,
      gateway: undefined,
      source: undefined,
      isLocal: false,
    });
    // ip also asks which table it is, RTM_F_LOOKUP_TABLE.
    expect(dump(sent[0] ?? hex(""))).toBe(
      dump(
        hex(`
        34 00 00 00 1a 00 01 00 01 00 00 00 00 00 00 00   # RTM_GETROUTE
        02 20 20 00 00 00 00 00 00 00 00 00
        08 00 01 00 0a 09 00 08 08 00 02 00 0a 08 00 02 08 00 03 00 04 00 00 00`),
      ),
    );
  });

  test("asks for one of the namespace's own", () => {
    const { client, sent } = asked(hex(OWN));
    const way = findWay(client, { to: ip("10.9.0.8") });
    expect(way).toMatchObject({ oif: 3, isLocal: false });
    expect(formatIp(way?.source ?? hex(""))).toBe("10.9.0.1");
    expect(dump(sent[0] ?? hex(""))).toBe(
      dump(
        hex(`
        24 00 00 00 1a 00 01 00 01 00 00 00 00 00 00 00
        02 20 00 00 00 00 00 00 00 00 00 00
        08 00 01 00 0a 09 00 08`),
      ),
    );
  });
});

test("findPortState() reads the state of a bridge's port, and of what is none nothing", () => {
  expect(findPortState(asked(bytesOf("replyPort")).client, "v0")).toBe("forwarding");
  expect(findPortState(asked(bytesOf("replyBridge")).client, "br0")).toBeUndefined();
});
