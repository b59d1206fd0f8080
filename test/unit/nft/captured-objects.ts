/** Tables, chains and sets as nft 1.0.6 sent them, captured with strace. */
import { chainAttrs, setAttrs, tableAttrs } from "../../../src/nft/tables.ts";
import { add, type Row } from "./captured.ts";

export const OBJECTS: Row[] = [
  {
    text: "add table ip own { flags owner ; }",
    command: add("ip", "own", { kind: "table", isOwned: true }),
    coder: tableAttrs,
    sent: `
      08 00 01 00 6f 77 6e 00                                   # NFTA_TABLE_NAME "own"
      08 00 02 00 00 00 00 02                                   # NFTA_TABLE_FLAGS NFT_TABLE_F_OWNER`,
  },
  {
    text: 'add table ip berth { comment "tc" ; }',
    command: add("ip", "berth", { kind: "table", comment: "tc" }),
    coder: tableAttrs,
    sent: `
      0a 00 01 00 62 65 72 74 68 00 00 00   # NFTA_TABLE_NAME "berth"
      08 00 02 00 00 00 00 00               # NFTA_TABLE_FLAGS 0
      09 00 06 00 00 03 74 63 00 00 00 00   # NFTA_TABLE_USERDATA: comment, 3 bytes, "tc"`,
  },
  {
    text: 'add chain ip berth postrouting { type nat hook postrouting priority 101 ; policy accept ; comment "cc" ; }',
    command: add("ip", "berth", {
      kind: "chain",
      name: "postrouting",
      base: { type: "nat", hook: "postrouting", priority: 101, policy: "accept" },
      comment: "cc",
    }),
    coder: chainAttrs,
    sent: `
      0a 00 01 00 62 65 72 74 68 00 00 00                   # NFTA_CHAIN_TABLE "berth"
      10 00 03 00 70 6f 73 74 72 6f 75 74 69 6e 67 00       # NFTA_CHAIN_NAME "postrouting"
      08 00 07 00 6e 61 74 00                               # NFTA_CHAIN_TYPE "nat"
      08 00 05 00 00 00 00 01                               # NFTA_CHAIN_POLICY NF_ACCEPT
      14 00 04 80                                           # NFTA_CHAIN_HOOK, nested
        08 00 01 00 00 00 00 04                             #   NFTA_HOOK_HOOKNUM postrouting
        08 00 02 00 00 00 00 65                             #   NFTA_HOOK_PRIORITY 101
      09 00 0c 00 00 03 63 63 00 00 00 00                   # NFTA_CHAIN_USERDATA: comment "cc"`,
  },
  {
    text: "add chain bridge b pre { type filter hook prerouting priority -300 ; policy drop ; }",
    command: add("bridge", "b", {
      kind: "chain",
      name: "pre",
      base: { type: "filter", hook: "prerouting", priority: -300, policy: "drop" },
    }),
    coder: chainAttrs,
    sent: `
      06 00 01 00 62 00 00 00                # NFTA_CHAIN_TABLE "b"
      08 00 03 00 70 72 65 00                # NFTA_CHAIN_NAME "pre"
      0b 00 07 00 66 69 6c 74 65 72 00 00    # NFTA_CHAIN_TYPE "filter"
      08 00 05 00 00 00 00 00                # NFTA_CHAIN_POLICY NF_DROP
      14 00 04 80                            # NFTA_CHAIN_HOOK
        08 00 01 00 00 00 00 00              #   NFTA_HOOK_HOOKNUM prerouting
        08 00 02 00 ff ff fe d4              #   NFTA_HOOK_PRIORITY -300, big-endian`,
  },
  {
    text: "add chain bridge b c",
    command: add("bridge", "b", { kind: "chain", name: "c" }),
    coder: chainAttrs,
    sent: `
      06 00 01 00 62 00 00 00   # NFTA_CHAIN_TABLE "b"
      06 00 03 00 63 00 00 00   # NFTA_CHAIN_NAME "c"`,
  },
  {
    text: 'add set ip berth s { type ipv4_addr ; comment "set comment" ; }',
    command: add("ip", "berth", { kind: "set", name: "s", type: "ipv4_addr", comment: "set comment" }),
    coder: setAttrs,
    sent: `
      0a 00 01 00 62 65 72 74 68 00 00 00   # NFTA_SET_TABLE "berth"
      06 00 02 00 73 00 00 00               # NFTA_SET_NAME "s"
      08 00 03 00 00 00 00 00               # NFTA_SET_FLAGS 0
      08 00 04 00 00 00 00 07               # NFTA_SET_KEY_TYPE ipv4_addr
      08 00 05 00 00 00 00 04               # NFTA_SET_KEY_LEN
      08 00 0a 00 00 00 00 01               # NFTA_SET_ID
      18 00 0d 00                           # NFTA_SET_USERDATA
        00 04 02 00 00 00                   #   key byte order, 4 bytes in host order: 2, big-endian
        07 0c 73 65 74 20 63 6f 6d 6d 65 6e 74 00   # comment "set comment"`,
  },
  {
    text: "add set bridge b i { type ifname ; }",
    command: add("bridge", "b", { kind: "set", name: "i", type: "ifname" }),
    coder: setAttrs,
    sent: `
      06 00 01 00 62 00 00 00               # NFTA_SET_TABLE "b"
      06 00 02 00 69 00 00 00               # NFTA_SET_NAME "i"
      08 00 03 00 00 00 00 00               # NFTA_SET_FLAGS 0
      08 00 04 00 00 00 00 29               # NFTA_SET_KEY_TYPE ifname
      08 00 05 00 00 00 00 10               # NFTA_SET_KEY_LEN 16
      08 00 0a 00 00 00 00 01               # NFTA_SET_ID
      0a 00 0d 00 00 04 01 00 00 00 00 00   # NFTA_SET_USERDATA: key byte order 1, host`,
  },
];
