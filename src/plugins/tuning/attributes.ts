import { formatMac, type Mac } from "../../base/mac.ts";
import type { LinkRef } from "../../rtnl/dev.ts";
import { IFF_ALLMULTI, IFF_PROMISC, setMac } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { setMtu, setTxqlen, switchAllmulti, switchPromisc } from "../../rtnl/tune-link.ts";

/** What an interface is to be like, or was: each absent where nothing is said of it. */
export interface Attributes {
  readonly mac?: Mac;
  readonly promisc?: boolean;
  /** Bytes. */
  readonly mtu?: number;
  readonly allmulti?: boolean;
  /** Packets. */
  readonly txqlen?: number;
}

/** Those that an ADD sets: `promisc` false asks for nothing, as in the reference. */
export function toSet({ promisc, ...rest }: Attributes): Attributes {
  return promisc ? { promisc, ...rest } : rest;
}

/** Of those that `wanted` has, what the link is like. An interface without an address has none to remember. */
export function attributesOf(link: Link, wanted: Attributes): Attributes {
  const { mac, mtu, txqlen, flags } = link;
  return {
    ...(wanted.mac && mac.length > 0 && { mac }),
    ...(wanted.promisc !== undefined && { promisc: (flags & IFF_PROMISC) !== 0 }),
    ...(wanted.mtu !== undefined && { mtu }),
    ...(wanted.allmulti !== undefined && { allmulti: (flags & IFF_ALLMULTI) !== 0 }),
    ...(wanted.txqlen !== undefined && { txqlen }),
  };
}

/** The requests that make a link so. */
export function requestsFor(link: LinkRef, { mac, promisc, mtu, allmulti, txqlen }: Attributes) {
  return [
    ...(mac ? [setMac(link, mac)] : []),
    ...(promisc === undefined ? [] : [switchPromisc(link, promisc)]),
    ...(mtu === undefined ? [] : [setMtu(link, mtu)]),
    ...(allmulti === undefined ? [] : [switchAllmulti(link, allmulti)]),
    ...(txqlen === undefined ? [] : [setTxqlen(link, txqlen)]),
  ];
}

/** What each is called in messages, and how it is written. */
const WORDS: {
  readonly [K in keyof Required<Attributes>]: readonly [string, (value: Required<Attributes>[K]) => string];
} = {
  mac: ["Ethernet", formatMac],
  promisc: ["promiscuous mode", String],
  mtu: ["MTU", String],
  allmulti: ["all-multicast mode", String],
  txqlen: ["Transmit Queue Length", String],
};

/** The first attribute that the link has otherwise, what was wanted, and what it is; undefined when there is none. */
export function difference(
  link: Link,
  wanted: Attributes,
): readonly [what: string, is: string, now: string] | undefined {
  const actual = attributesOf(link, wanted);
  const text = <K extends keyof Attributes>(name: K, { [name]: value }: Attributes) =>
    value === undefined ? "none" : WORDS[name][1](value as Required<Attributes>[K]);
  for (const name of Object.keys(WORDS) as (keyof Attributes)[]) {
    if (wanted[name] === undefined) continue;
    const [is, now] = [text(name, wanted), text(name, actual)];
    if (is !== now) return [WORDS[name][0], is, now];
  }
  return undefined;
}
