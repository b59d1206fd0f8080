import type { Mac } from "../base/mac.ts";
import { Reader } from "../wire/cursor.ts";
import type { Message } from "../wire/message.ts";
import { bridgeInfo, bridgePort, linkHeader, readLinkAttrs, readLinkInfo } from "./tables.ts";

/** States of RFC 2863, as IFLA_OPERSTATE has them. */
export const OPERSTATES = ["unknown", "not-present", "down", "lower-layer-down", "testing", "dormant", "up"] as const;

/** A network interface as one namespace sees it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFF_*. */
  readonly flags: number;
  readonly mtu: number;
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
  /** What only a bridge has. */
  readonly vlanFiltering: boolean;
  /** What only a bridge's port has. */
  readonly port?: { readonly hairpin: boolean; readonly isolated: boolean } | undefined;
}

/** Decodes an RTM_NEWLINK. */
export function decodeLink({ body }: Message): Link {
  const { index = 0, flags = 0 } = linkHeader.decode(body);
  // A copy, as the datagram is the receiver's.
  return new ReadLink(index, flags, new Reader(body.take(body.left).slice()));
}

/** What the kernel said of a link: a hundred attributes, of which hardly anyone asks for more than three. */
class ReadLink implements Link {
  readonly index: number;
  readonly flags: number;
  readonly #attrs: ReturnType<typeof readLinkAttrs>;
  readonly #info: ReturnType<typeof readLinkInfo>;

  constructor(index: number, flags: number, r: Reader) {
    this.index = index;
    this.flags = flags;
    this.#attrs = readLinkAttrs(r);
    this.#info = readLinkInfo(new Reader(this.#attrs.linkInfo ?? new Uint8Array(0)));
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
  get vlanFiltering() {
    const { kind, data } = this.#info;
    return kind === "bridge" && data !== undefined && bridgeInfo.decode(new Reader(data)).vlanFiltering === 1;
  }
  get port() {
    const { slaveKind, slaveData } = this.#info;
    return slaveKind === "bridge" && slaveData ? decodePort(slaveData) : undefined;
  }
}

function decodePort(data: Uint8Array): { hairpin: boolean; isolated: boolean } {
  const { hairpin, isolated } = bridgePort.decode(new Reader(data));
  return { hairpin: hairpin === 1, isolated: isolated === 1 };
}
