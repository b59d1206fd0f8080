/** conntrack's messages, as Linux 6.18 took and answered them. */
import { expect, test } from "bun:test";
import { parseIp } from "../../../src/base/ip.ts";
import { countFlows, DELETE_FLOW, deleteFlow, type Flow, listFlows } from "../../../src/ct/flows.ts";
import { flowAttrs, TCP_CLOSE } from "../../../src/ct/tables.ts";
import { Client } from "../../../src/netlink/client.ts";
import { Reader, Writer } from "../../../src/wire/cursor.ts";
import { dump, hex } from "../../support/hex.ts";
import { scripted } from "../../support/scripted.ts";

const ip = (text: string) => parseIp(text) ?? expect.unreachable();

const FLOW: Flow = {
  protocol: 17,
  src: ip("192.0.2.1"),
  dst: ip("192.0.2.1"),
  srcPort: 57_663,
  dstPort: 5353,
  replySrc: ip("192.0.2.1"),
};

const ORIG = `
  34 00 01 80                                           # CTA_TUPLE_ORIG
    14 00 01 80 08 00 01 00 c0 00 02 01                 #   CTA_IP_V4_SRC 192.0.2.1
                08 00 02 00 c0 00 02 01                 #   CTA_IP_V4_DST 192.0.2.1
    1c 00 02 80 05 00 01 00 11 00 00 00                 #   CTA_PROTO_NUM udp
                06 00 02 00 e1 3f 00 00                 #   CTA_PROTO_SRC_PORT 57663
                06 00 03 00 14 e9 00 00                 #   CTA_PROTO_DST_PORT 5353`;

const ANSWER = `
  a4 00 00 00 00 01 22 00 01 00 00 00 00 00 00 00       # IPCTNL_MSG_CT_NEW, MULTI
  02 00 00 00
  ${ORIG}
  34 00 02 80                                           # CTA_TUPLE_REPLY
    14 00 01 80 08 00 01 00 c0 00 02 01 08 00 02 00 c0 00 02 01
    1c 00 02 80 05 00 01 00 11 00 00 00 06 00 02 00 00 63 00 00 06 00 03 00 e1 3f 00 00
  08 00 03 00 00 00 01 a8                               # CTA_STATUS
  08 00 08 00 00 00 00 00 08 00 0c 00 c1 22 b5 0c       # CTA_MARK, CTA_ID
  08 00 0b 00 00 00 00 01 08 00 07 00 00 00 00 1d       # CTA_USE, CTA_TIMEOUT
  14 00 00 00 03 00 02 00 01 00 00 00 00 00 00 00 00 00 00 00   # NLMSG_DONE`;

test("listFlows() has the kernel filter by protocol, port and address", () => {
  const request = `
    4c 00 00 00 01 01 01 03 01 00 00 00 00 00 00 00     # IPCTNL_MSG_CT_GET, REQUEST|DUMP
    02 00 00 00                                         # AF_INET
    24 00 01 80                                         # CTA_TUPLE_ORIG
      0c 00 01 80 08 00 02 00 c0 00 02 01               #   CTA_IP_V4_DST 192.0.2.1
      14 00 02 80 05 00 01 00 11 00 00 00               #   CTA_PROTO_NUM udp
                  06 00 03 00 14 e9 00 00               #   CTA_PROTO_DST_PORT 5353
    14 00 19 80 08 00 01 00 2a 00 00 00                 # CTA_FILTER_ORIG_FLAGS IP_DST, PROTO_NUM, PROTO_DST_PORT
                08 00 02 00 00 00 00 00                 # CTA_FILTER_REPLY_FLAGS`;
  const filter = { family: 4, protocol: 17, dstPort: 5353, dst: ip("192.0.2.1") } as const;
  const client = new Client(scripted([hex(request), hex(ANSWER)]));
  expect(listFlows(client, filter)).toEqual([FLOW]);
});

test("listFlows() leaves out what a kernel without filters would give", () => {
  const client = new Client({
    send: () => {},
    receive: () => hex(ANSWER),
    cookie: () => undefined,
    close: () => {},
  });
  expect(listFlows(client, { family: 4, protocol: 17, dstPort: 53 })).toEqual([]);
});

test("listFlows() of all ports has the kernel filter by protocol alone", () => {
  const request = `
    38 00 00 00 01 01 01 03 01 00 00 00 00 00 00 00     # IPCTNL_MSG_CT_GET, REQUEST|DUMP
    0a 00 00 00                                         # AF_INET6
    10 00 01 80                                         # CTA_TUPLE_ORIG
      0c 00 02 80 05 00 01 00 11 00 00 00               #   CTA_PROTO_NUM udp
    14 00 19 80 08 00 01 00 08 00 00 00                 # CTA_FILTER_ORIG_FLAGS PROTO_NUM
                08 00 02 00 00 00 00 00                 # CTA_FILTER_REPLY_FLAGS`;
  const client = new Client(scripted([hex(request), hex(ANSWER)]));
  expect(listFlows(client, { family: 6, protocol: 17 })).toEqual([FLOW]);
});

test("listFlows() has the kernel filter by whom the answers come from, and says the state of TCP", () => {
  const request = `
    48 00 00 00 01 01 01 03 01 00 00 00 00 00 00 00     # IPCTNL_MSG_CT_GET, REQUEST|DUMP
    02 00 00 00                                         # AF_INET
    10 00 01 80                                         # CTA_TUPLE_ORIG
      0c 00 02 80 05 00 01 00 06 00 00 00               #   CTA_PROTO_NUM tcp
    10 00 02 80                                         # CTA_TUPLE_REPLY
      0c 00 01 80 08 00 01 00 c0 00 02 09               #   CTA_IP_V4_SRC 192.0.2.9
    14 00 19 80 08 00 01 00 08 00 00 00                 # CTA_FILTER_ORIG_FLAGS PROTO_NUM
                08 00 02 00 01 00 00 00                 # CTA_FILTER_REPLY_FLAGS IP_SRC`;
  const answer = `
    d4 00 00 00 00 01 22 00 01 00 00 00 00 00 00 00     # IPCTNL_MSG_CT_NEW, MULTI
    02 00 00 00
    34 00 01 80                                         # CTA_TUPLE_ORIG
      14 00 01 80 08 00 01 00 c0 00 02 09 08 00 02 00 c0 00 02 01
      1c 00 02 80 05 00 01 00 06 00 00 00 06 00 02 00 9c 40 00 00 06 00 03 00 00 50 00 00
    34 00 02 80                                         # CTA_TUPLE_REPLY
      14 00 01 80 08 00 01 00 c0 00 02 09 08 00 02 00 c0 00 02 09
      1c 00 02 80 05 00 01 00 06 00 00 00 06 00 02 00 1f 90 00 00 06 00 03 00 9c 40 00 00
    08 00 03 00 00 00 01 ae                             # CTA_STATUS
    08 00 08 00 00 00 00 00 08 00 0c 00 86 d3 80 80     # CTA_MARK, CTA_ID
    08 00 0b 00 00 00 00 01 08 00 07 00 00 00 00 09     # CTA_USE, CTA_TIMEOUT
    30 00 04 80 2c 00 01 80                             # CTA_PROTOINFO, CTA_PROTOINFO_TCP
      05 00 01 00 08 00 00 00                           #   CTA_PROTOINFO_TCP_STATE CLOSE
      05 00 02 00 0a 00 00 00 05 00 03 00 0a 00 00 00   #   CTA_PROTOINFO_TCP_WSCALE_*
      06 00 04 00 23 00 00 00 06 00 05 00 23 00 00 00   #   CTA_PROTOINFO_TCP_FLAGS_*
    14 00 00 00 03 00 02 00 01 00 00 00 00 00 00 00 00 00 00 00   # NLMSG_DONE`;
  const client = new Client(scripted([hex(request), hex(answer)]));
  expect(listFlows(client, { family: 4, protocol: 6, replySrc: ip("192.0.2.9") })).toEqual([
    {
      ...{ protocol: 6, src: ip("192.0.2.9"), dst: ip("192.0.2.1"), srcPort: 40_000, dstPort: 80 },
      ...{ replySrc: ip("192.0.2.9"), state: TCP_CLOSE },
    },
  ]);
});

test("countFlows() asks for the statistics of the network namespace", () => {
  const request = "14 00 00 00 05 01 01 00 01 00 00 00 00 00 00 00 00 00 00 00 # IPCTNL_MSG_CT_GET_STATS";
  const answer = `
    24 00 00 00 05 01 02 00 01 00 00 00 00 00 00 00 00 00 00 00
    08 00 01 00 00 00 01 02                             # CTA_STATS_GLOBAL_ENTRIES 258
    08 00 02 00 00 04 00 00                             # CTA_STATS_GLOBAL_MAX_ENTRIES`;
  expect(countFlows(new Client(scripted([hex(request), hex(answer)])))).toBe(258);
});

test("deleteFlow() names the connection by its first tuple, and its zone", () => {
  const sent = (flow: Flow) => {
    const w = new Writer();
    DELETE_FLOW.write(w, flow);
    return dump(w.finish());
  };
  expect(sent(FLOW)).toBe(dump(hex(`02 00 00 00 ${ORIG}`)));
  expect(sent({ ...FLOW, zone: 7 })).toBe(
    dump(
      hex(`02 00 00 00 ${ORIG}
06 00 12 00 00 07 00 00 # CTA_ZONE`),
    ),
  );
  expect(DELETE_FLOW.text(FLOW)).toBe("conntrack -D -p 17 -s 192.0.2.1 -d 192.0.2.1 --sport 57663 --dport 5353");
  expect(deleteFlow(FLOW).tolerate).toEqual([2]);
});

test("flowAttrs keeps a tuple of IPv6", () => {
  const value = { orig: { ip: { src6: ip("fd00::1"), dst6: ip("fd00::2") }, proto: { number: 17, dstPort: 53 } } };
  const w = new Writer();
  flowAttrs.encode(w, value);
  expect(flowAttrs.decode(new Reader(w.finish()))).toEqual(value);
});
