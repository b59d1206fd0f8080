/** Settings of a link that are seldom changed: apart from SET_LINK, which each container's start pays for. */
import type { Change, Request } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { u32 } from "../wire/coder.ts";
import { type LinkRef, wordFor, writeLink } from "./dev.ts";
import { IFF_ALLMULTI, IFF_PROMISC } from "./link.ts";
import { IFLA_TXQLEN, RTM_NEWLINK } from "./tables.ts";

/** What is to be changed of a link: what is there. */
export interface LinkTuning {
  readonly link: LinkRef;
  /** Bytes. */
  readonly mtu?: number;
  /** Packets that may wait in its queue. */
  readonly txqlen?: number;
  readonly promisc?: boolean;
  readonly allmulti?: boolean;
}

/** IFLA_*. */
export const tuningAttrs = attrs({ mtu: [4, u32], txqlen: [IFLA_TXQLEN, u32] });

export const TUNE_LINK: Change<LinkTuning> = {
  type: RTM_NEWLINK,
  flags: 0,
  text: ({ link, ...change }) => `ip link set ${wordFor(link)} ${wordsFor(change)}`,
  write(w, { link, promisc, allmulti, ...attributes }) {
    const flags = (promisc ? IFF_PROMISC : 0) | (allmulti ? IFF_ALLMULTI : 0);
    const change = (promisc === undefined ? 0 : IFF_PROMISC) | (allmulti === undefined ? 0 : IFF_ALLMULTI);
    writeLink(w, link, flags, change);
    tuningAttrs.encode(w, attributes);
  },
};

function wordsFor({ mtu, txqlen, promisc, allmulti }: Omit<LinkTuning, "link">): string {
  const words = [
    mtu !== undefined && `mtu ${mtu}`,
    txqlen !== undefined && `txqueuelen ${txqlen}`,
    promisc !== undefined && `promisc ${promisc ? "on" : "off"}`,
    allmulti !== undefined && `allmulticast ${allmulti ? "on" : "off"}`,
  ];
  return words.filter(Boolean).join(" ");
}

function tune(object: LinkTuning): Request<LinkTuning> {
  return { form: TUNE_LINK, object };
}

/** Like `ip link set dev NAME mtu BYTES`. EINVAL for what its kind cannot have. */
export function setMtu(link: LinkRef, mtu: number): Request<LinkTuning> {
  return tune({ link, mtu });
}

/** Like `ip link set dev NAME txqueuelen PACKETS`. */
export function setTxqlen(link: LinkRef, txqlen: number): Request<LinkTuning> {
  return tune({ link, txqlen });
}

/** Like `ip link set dev NAME promisc on|off`. */
export function switchPromisc(link: LinkRef, promisc: boolean): Request<LinkTuning> {
  return tune({ link, promisc });
}

/** Like `ip link set dev NAME allmulticast on|off`. */
export function switchAllmulti(link: LinkRef, allmulti: boolean): Request<LinkTuning> {
  return tune({ link, allmulti });
}
