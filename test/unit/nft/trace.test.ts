/** What Linux 6.18 told nft's `monitor trace` of one datagram (UDP, 10.9.0.2 to 8.8.8.8), captured with strace. */
import { expect, test } from "bun:test";
import { formatIp } from "../../../src/base/ip.ts";
import { inTransport, readSteps, type Step, setTrace } from "../../../src/nft/trace.ts";
import { hex } from "../../support/hex.ts";

/** The first rule of a base chain that matched: `ip daddr 8.8.8.8 jump x` in FORWARD of table ip filter. */
const JUMP = `
  e0 00 00 00 11 0a 00 00 00 00 00 00 00 00 00 00   # NFT_MSG_TRACE, no flags, sequence 0
  02 00 00 00                                       # NFPROTO_IPV4
  08 00 0f 00 00 00 00 02                           # NFTA_TRACE_NFPROTO
  08 00 04 00 00 00 00 03                           # NFTA_TRACE_TYPE NFT_TRACETYPE_RULE
  08 00 06 00 f8 f1 bc ef                           # NFTA_TRACE_ID
  0c 00 02 00 46 4f 52 57 41 52 44 00               # NFTA_TRACE_CHAIN "FORWARD"
  0b 00 01 00 66 69 6c 74 65 72 00 00               # NFTA_TRACE_TABLE "filter"
  0c 00 03 00 00 00 00 00 00 00 00 05               # NFTA_TRACE_RULE_HANDLE 5
  14 00 05 00 08 00 01 00 ff ff ff fd               # NFTA_TRACE_VERDICT: NFT_JUMP
    06 00 02 00 78 00 00 00                         #   to the chain "x"
  08 00 0a 00 00 00 00 02                           # NFTA_TRACE_IIF 2
  06 00 0b 00 00 01 00 00                           # NFTA_TRACE_IIFTYPE ARPHRD_ETHER
  08 00 0c 00 00 00 00 05                           # NFTA_TRACE_OIF 5
  06 00 0d 00 00 01 00 00                           # NFTA_TRACE_OIFTYPE
  18 00 08 00 45 00 00 1f fc c9 40 00               # NFTA_TRACE_NETWORK_HEADER
    3f 11 24 ea 0a 09 00 02 08 08 08 08
  0f 00 09 00 e5 d0 00 35 00 0b 1a 37 68 69 0a 00   # NFTA_TRACE_TRANSPORT_HEADER, and 3 bytes more
  12 00 07 00 1e 66 94 95 61 f7 a2 7e 8c 7a fe 6e 08 00 00 00   # NFTA_TRACE_LL_HEADER
  08 00 15 00 00 00 00 08                           # NFTA_TRACE_CT_STATE NEW
  05 00 13 00 00 00 00 00                           # NFTA_TRACE_CT_DIRECTION
  08 00 12 00 2b 1d d8 91                           # NFTA_TRACE_CT_ID
  08 00 14 00 00 00 01 00`; // NFTA_TRACE_CT_STATUS

/** A later one: `udp dport 53 drop` in the chain x. */
const DROP = `
  58 00 00 00 11 0a 00 00 00 00 00 00 00 00 00 00 02 00 00 00
  08 00 0f 00 00 00 00 02 08 00 04 00 00 00 00 03 08 00 06 00 f8 f1 bc ef
  06 00 02 00 78 00 00 00 0b 00 01 00 66 69 6c 74 65 72 00 00
  0c 00 03 00 00 00 00 00 00 00 00 04               # NFTA_TRACE_RULE_HANDLE 4
  0c 00 05 00 08 00 01 00 00 00 00 00`; // NFTA_TRACE_VERDICT: NF_DROP

/** The end of the rules of FORWARD: a rule without a handle. */
const END = `
  50 00 00 00 11 0a 00 00 00 00 00 00 00 00 00 00 02 00 00 00
  08 00 0f 00 00 00 00 02 08 00 04 00 00 00 00 03 08 00 06 00 04 32 1e e7
  0c 00 02 00 46 4f 52 57 41 52 44 00 0b 00 01 00 66 69 6c 74 65 72 00 00
  0c 00 05 00 08 00 01 00 ff ff ff ff`;

const POLICY = `
  4c 00 00 00 11 0a 00 00 00 00 00 00 00 00 00 00 02 00 00 00
  08 00 0f 00 00 00 00 02
  08 00 04 00 00 00 00 01                           # NFTA_TRACE_TYPE NFT_TRACETYPE_POLICY
  08 00 06 00 04 32 1e e7
  0c 00 02 00 46 4f 52 57 41 52 44 00 0b 00 01 00 66 69 6c 74 65 72 00 00
  08 00 10 00 00 00 00 01`; // NFTA_TRACE_POLICY NF_ACCEPT

const stepOf = (captured: string): Step => readSteps(hex(captured))[0] ?? expect.unreachable();

test("readSteps() reads a rule with the packet that it matched", () => {
  const { packet, ...step } = stepOf(JUMP);
  expect(step).toEqual({
    id: 0xf8f1bcef,
    family: "ip",
    table: "filter",
    chain: "FORWARD",
    kind: "rule",
    handle: 5,
    verdict: "jump",
  });
  expect(packet).toMatchObject({ iif: 2, oif: 5 });
  expect(packet?.network).toHaveLength(20);
  expect(formatIp(packet?.network.subarray(12, 16) ?? hex(""))).toBe("10.9.0.2");
  expect(packet?.transport).toEqual(hex("e5 d0 00 35 00 0b 1a 37 68 69 0a"));
});

test("readSteps() reads a later rule, and a policy", () => {
  const drop = { kind: "rule", chain: "x", handle: 4, verdict: "drop", packet: undefined } as const;
  expect(stepOf(DROP)).toMatchObject(drop);
  const policy = { kind: "policy", chain: "FORWARD", handle: 0, verdict: "accept", packet: undefined } as const;
  expect(stepOf(POLICY)).toMatchObject(policy);
});

test("readSteps() passes over the end of a chain's rules, other messages and other families", () => {
  expect(readSteps(hex(END))).toEqual([]);
  expect(readSteps(hex(POLICY.replace("11 0a", "00 0a")))).toEqual([]);
  // NFPROTO_ARP.
  expect(readSteps(hex(POLICY.replace("02 00 00 00\n", "03 00 00 00\n")))).toEqual([]);
});

test("setTrace() and inTransport() are what nft takes", () => {
  expect(setTrace().text).toBe("meta nftrace set 1");
  expect(inTransport(8, hex("01 02 0a")).text).toBe("@th,64,24 0x01020a");
});
