import { IFF_ALLMULTI, IFF_LOWER_UP, IFF_PROMISC, IFF_UP } from "../../rtnl/link.ts";
import type { Link, OPERSTATES } from "../../rtnl/read-link.ts";
import { macText } from "./values.ts";

/** An interface as it was when it was asked for. */
export interface LinkInfo {
  readonly index: number;
  readonly name: string;
  /** "bridge", "veth" …; "" for a physical or loopback device. */
  readonly kind: string;
  /** Absent: it has none. */
  readonly mac?: string;
  /** Bytes. */
  readonly mtu: number;
  /** Packets that may wait in its queue. */
  readonly txqlen: number;
  /** It was told to be up. */
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  /** RFC 2863's. */
  readonly operstate: (typeof OPERSTATES)[number];
  readonly isPromisc: boolean;
  readonly isAllmulti: boolean;
  /** Index of the link that it is a port of. Absent: of none. */
  readonly master?: number;
  /** Of a veth: the other end's index, in that one's namespace. */
  readonly peer?: number;
  /** "" when it has none. */
  readonly alias: string;
  /** Of a bridge. */
  readonly vlanFiltering?: boolean;
  /** Of a bridge's port. */
  readonly port?: { readonly hairpin: boolean; readonly isolated: boolean; readonly number: number };
}

export function linkInfo(link: Link): LinkInfo {
  const { index, name, kind, mtu, txqlen, operstate, alias, flags, master, peer, port, vlanFiltering } = link;
  const mac = macText(link.mac);
  return {
    index,
    name,
    kind,
    ...(mac !== undefined && { mac }),
    mtu,
    txqlen,
    isUp: (flags & IFF_UP) !== 0,
    hasCarrier: (flags & IFF_LOWER_UP) !== 0,
    operstate,
    isPromisc: (flags & IFF_PROMISC) !== 0,
    isAllmulti: (flags & IFF_ALLMULTI) !== 0,
    ...(master !== 0 && { master }),
    ...(peer !== 0 && { peer }),
    alias,
    ...(kind === "bridge" && { vlanFiltering }),
    ...(port && { port }),
  };
}
