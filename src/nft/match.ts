import { formatPrefix, type Ip, networkOf, type Prefix } from "../base/ip.ts";
import { EQ, type Expr, NEQ, NETWORK_HEADER, REG_1, type Statement } from "./expr.ts";
import { addressOffset, compare, load, masked } from "./instructions.ts";
import { KEY_TYPES, type NftSet } from "./objects.ts";

/** `ip saddr @SET` or `ip6 saddr @SET`, by the set's type: ipv4_addr or ipv6_addr. For tables of that family. */
export function saddrInSet(set: Pick<NftSet, "name" | "type">): Statement {
  const { size } = KEY_TYPES[set.type === "ipv6_addr" ? set.type : "ipv4_addr"];
  return {
    text: `${words(size)} saddr @${set.name}`,
    exprs: [address("saddr", size, size), { name: "lookup", data: { sreg: REG_1, set: set.name } }],
  };
}

/** `ip daddr != PREFIX` or `ip6 daddr != PREFIX`; host bits do not count. For tables of that family. */
export function notDaddr(prefix: Prefix): Statement {
  const network = networkOf(prefix);
  const text = `${words(network.length)} daddr != ${formatPrefix({ ip: network, length: prefix.length })}`;
  return { text, exprs: inNetwork("daddr", network, prefix.length, NEQ) };
}

/** `ip daddr PREFIX` or `ip6 daddr PREFIX`; host bits do not count. For tables of that family. */
export function inDaddr(prefix: Prefix): Statement {
  const network = networkOf(prefix);
  const text = `${words(network.length)} daddr ${formatPrefix({ ip: network, length: prefix.length })}`;
  return { text, exprs: inNetwork("daddr", network, prefix.length, EQ) };
}

/** `ip saddr PREFIX` or `ip6 saddr PREFIX`; host bits do not count. For tables of that family. */
export function inSaddr(prefix: Prefix): Statement {
  const network = networkOf(prefix);
  const text = `${words(network.length)} saddr ${formatPrefix({ ip: network, length: prefix.length })}`;
  return { text, exprs: inNetwork("saddr", network, prefix.length, EQ) };
}

/** `masquerade`: the source becomes the address of the interface that the packet leaves by. For nat postrouting. */
export function masquerade(): Statement {
  return { text: "masquerade", exprs: [{ name: "masq", data: {} }] };
}

function address(which: "saddr" | "daddr", size: number, length: number): Expr {
  return load(NETWORK_HEADER, addressOffset(which, size), length);
}

/** Like nft: a network of whole bytes is compared by those bytes, any other through a mask. */
function inNetwork(which: "saddr" | "daddr", network: Ip, bits: number, op: number): Expr[] {
  const size = network.length;
  const whole = bits / 8;
  if (bits > 0 && Number.isInteger(whole))
    return [address(which, size, whole), compare(op, network.subarray(0, whole))];
  return [
    address(which, size, size),
    masked(networkOf({ ip: new Uint8Array(size).fill(255), length: bits })),
    compare(op, network),
  ];
}

function words(size: number): "ip" | "ip6" {
  return size === 4 ? "ip" : "ip6";
}
