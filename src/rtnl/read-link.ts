import type { Mac } from "../base/mac.ts";
import { findAttr } from "../wire/attrs.ts";
import { NOTHING, Reader, u32At } from "../wire/cursor.ts";
import { type Message, readMessages } from "../wire/message.ts";
import {
  AF_INET6,
  AF_UNSPEC,
  DEVCONF_ACCEPT_RA,
  IFLA_INET6_ADDR_GEN_MODE,
  IFLA_INET6_CONF,
  linkHeader,
  RTM_DELLINK,
  RTM_NEWLINK,
  readBridgeInfo,
  readBridgePort,
  readLinkAttrs,
  readLinkInfo,
} from "./tables.ts";

/** States of RFC 2863, as IFLA_OPERSTATE has them. */
export const OPERSTATES = ["unknown", "not-present", "down", "lower-layer-down", "testing", "dormant", "up"] as const;

/** A network interface as one namespace sees it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFF_*. */
  readonly flags: number;
  readonly mtu: number;
  /** Packets that wait in its queue. */
  readonly txqlen: number;
  readonly mac: Mac;
  /** "bridge", "veth" …; "" for a physical or loopback device. */
  readonly kind: string;
  readonly operstate: (typeof OPERSTATES)[number];
  /** ifindex of the bridge it is a port of, or 0. */
  readonly master: number;
  /** For a veth: its peer's ifindex in the peer's namespace; else 0. */
  readonly peer: number;
  readonly alias: string;
  readonly promiscuity: number;
  /** Its sysctl net.ipv6.conf.NAME.accept_ra; undefined where it has no IPv6. */
  readonly acceptRa: number | undefined;
  /** IN6_ADDR_GEN_MODE_*; undefined where it has no IPv6. */
  readonly addrGenMode: number | undefined;
  /** What only a bridge has. */
  readonly vlanFiltering: boolean;
  /** What only a bridge's port has. */
  readonly port?: Port | undefined;
}

/** A bridge's port. */
export interface Port {
  readonly hairpin: boolean;
  readonly isolated: boolean;
  /** The lowest that was free: never above 1 more than the bridge has had ports at once. */
  readonly number: number;
}

/** What a notification of RTNLGRP_LINK says: the link as it is now, or that it is gone. */
export interface LinkEvent {
  readonly link: Link;
  readonly gone: boolean;
}

/** A datagram's events of one link. A bridge's, which say of its ports what only it knows, are none of them. */
export function readLinkEvents(datagram: Uint8Array, index: number): LinkEvent[] {
  const events: LinkEvent[] = [];
  for (const message of readMessages(datagram)) {
    const { type, body } = message;
    if ((type !== RTM_NEWLINK && type !== RTM_DELLINK) || !isAbout(body, index)) continue;
    events.push({ link: decodeLink(message), gone: type === RTM_DELLINK });
  }
  return events;
}

/** Reads ahead in a struct ifinfomsg. */
function isAbout({ buf, at, left }: Reader, index: number): boolean {
  return left >= 8 && buf[at] === AF_UNSPEC && u32At(buf, at + 4) === index;
}

/** Decodes an RTM_NEWLINK, of which it keeps the datagram. */
export function decodeLink({ body }: Message): Link {
  const { index = 0, flags = 0 } = linkHeader.decode(body);
  return new ReadLink(index, flags, new Reader(body.buf, body.at, body.end));
}

const NO_ATTRIBUTES = new Reader(NOTHING);

/** What the kernel said of a link: a hundred attributes, of which hardly anyone asks for more than three. */
class ReadLink implements Link {
  readonly index: number;
  readonly flags: number;
  readonly #body: Reader;
  #read: ReturnType<typeof readLinkAttrs> | undefined;
  #readInfo: ReturnType<typeof readLinkInfo> | undefined;
  #readPort: Port | undefined;

  constructor(index: number, flags: number, body: Reader) {
    this.index = index;
    this.flags = flags;
    this.#body = body;
  }

  get #attrs() {
    this.#read ??= readLinkAttrs(this.#body);
    return this.#read;
  }
  get #info() {
    this.#readInfo ??= readLinkInfo(this.#attrs.linkInfo ?? NO_ATTRIBUTES);
    return this.#readInfo;
  }

  get name() {
    return this.#attrs.ifname ?? "";
  }
  get kind() {
    return this.#info.kind ?? "";
  }
  get mtu() {
    return this.#attrs.mtu ?? 0;
  }
  get txqlen() {
    return this.#attrs.txqlen ?? 0;
  }
  get mac() {
    return this.#attrs.address ?? new Uint8Array(0);
  }
  get operstate() {
    return OPERSTATES[this.#attrs.operstate ?? 0] ?? "unknown";
  }
  get master() {
    return this.#attrs.master ?? 0;
  }
  get peer() {
    return this.kind === "veth" ? (this.#attrs.link ?? 0) : 0;
  }
  get alias() {
    return this.#attrs.alias ?? "";
  }
  get promiscuity() {
    return this.#attrs.promiscuity ?? 0;
  }
  /** What IPv6 keeps of it. */
  #inet6(attribute: number): Reader | undefined {
    const { afSpec } = this.#attrs;
    const inet6 = afSpec && findAttr(afSpec, AF_INET6);
    return inet6 && findAttr(inet6, attribute);
  }
  get acceptRa() {
    const conf = this.#inet6(IFLA_INET6_CONF);
    conf?.skip(4 * DEVCONF_ACCEPT_RA);
    return conf?.i32();
  }
  get addrGenMode() {
    return this.#inet6(IFLA_INET6_ADDR_GEN_MODE)?.u8();
  }
  get vlanFiltering() {
    const { kind, data } = this.#info;
    return kind === "bridge" && data !== undefined && readBridgeInfo(data).vlanFiltering === 1;
  }
  get port() {
    const { slaveKind, slaveData } = this.#info;
    if (slaveKind === "bridge" && slaveData) this.#readPort ??= decodePort(slaveData);
    return this.#readPort;
  }
}

function decodePort(data: Reader): Port {
  const { hairpin, isolated, number = 0 } = readBridgePort(data);
  return { hairpin: hairpin === 1, isolated: isolated === 1, number };
}
