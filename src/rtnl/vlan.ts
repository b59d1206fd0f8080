import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import { attrs, list } from "../wire/attrs.ts";
import { type Coder, u16 } from "../wire/coder.ts";
import type { Writer } from "../wire/cursor.ts";
import type { Message } from "../wire/message.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { RTM_DELLINK } from "./tables.ts";

/** The VLANs of a bridge's ports, as `bridge vlan` has them (linux/if_bridge.h). */

/** PF_BRIDGE: what an interface message is about when a bridge answers it. */
const AF_BRIDGE = 7;
const RTM_SETLINK = 19;
const RTM_GETVLAN = 114;

/** BRIDGE_VLAN_INFO_*. */
const PVID = 2;
const UNTAGGED = 4;
const RANGE_BEGIN = 8;
const RANGE_END = 16;

/** VLANs of one port that are treated alike. */
export interface Vlans {
  /** Both included; the same for one VLAN alone. */
  readonly first: number;
  readonly last: number;
  /** What comes in without a tag belongs to it. Of one VLAN alone. */
  readonly pvid: boolean;
  /** What goes out is without a tag. */
  readonly untagged: boolean;
}

/** struct bridge_vlan_info. */
const vlanInfo: Coder<{ flags: number; vid: number }> = {
  encode(w, { flags, vid }) {
    w.u16(flags);
    w.u16(vid);
  },
  decode: (r) => ({ flags: r.u16(), vid: r.u16() }),
};

/** IFLA_AF_SPEC of a bridge's port: a list of IFLA_BRIDGE_VLAN_INFO. */
export const portAttrs = attrs({ vlans: [26, list(2, vlanInfo)] });

export interface PortVlans {
  readonly dev: Dev;
  readonly vlans: readonly Vlans[];
}

export const ADD_VLANS: Change<PortVlans> = {
  type: RTM_SETLINK,
  flags: 0,
  text: (port) => `bridge vlan add ${portWords(port)}`,
  write: writePort,
};

export const DELETE_VLANS: Change<PortVlans> = {
  type: RTM_DELLINK,
  flags: 0,
  text: (port) => `bridge vlan del ${portWords(port)}`,
  write: writePort,
};

/** Like `bridge vlan add dev LINK vid FIRST-LAST [pvid] [untagged] master`, one after the other, in one request. */
export function addVlans(dev: Dev, vlans: readonly Vlans[]): Request<PortVlans> {
  return { form: ADD_VLANS, object: { dev, vlans } };
}

/** Like `bridge vlan del dev LINK vid FIRST-LAST master`. */
export function deleteVlans(dev: Dev, vlans: readonly Vlans[]): Request<PortVlans> {
  return { form: DELETE_VLANS, object: { dev, vlans } };
}

function writePort(w: Writer, { dev, vlans }: PortVlans): void {
  writeHeader(w, indexOf(dev));
  portAttrs.encode(w, { vlans: vlans.flatMap(infos) });
}

function portWords({ dev, vlans }: PortVlans): string {
  return `dev ${wordFor(dev)} ${vlans.map(words).join(", ")}`;
}

function words({ first, last, pvid, untagged }: Vlans): string {
  return `vid ${first}${last > first ? `-${last}` : ""}${pvid ? " pvid" : ""}${untagged ? " untagged" : ""}`;
}

function infos({ first, last, pvid, untagged }: Vlans): { flags: number; vid: number }[] {
  const flags = (pvid ? PVID : 0) | (untagged ? UNTAGGED : 0);
  if (first === last) return [{ flags, vid: first }];
  return [
    { flags: flags | RANGE_BEGIN, vid: first },
    { flags: flags | RANGE_END, vid: last },
  ];
}

/** struct ifinfomsg of the family AF_BRIDGE. */
function writeHeader(w: Writer, index: number): void {
  w.u32(AF_BRIDGE);
  w.u32(index);
  w.zero(8);
}

/** BRIDGE_VLANDB_ENTRY_*: a VLAN, or all from there to `last`. */
const entryAttrs = attrs({ info: [1, vlanInfo], last: [2, u16] });

/** The BRIDGE_VLANDB_ENTRY of a port. */
export const entries = list(1, entryAttrs);

/** By the index of a bridge or of its port. */
const SHOW_VLANS: Question<number, Vlans[]> = {
  type: RTM_GETVLAN,
  flags: 0,
  text: (index) => `bridge vlan show dev if${index}`,
  write(w, index) {
    // struct br_vlan_msg.
    w.u32(AF_BRIDGE);
    w.u32(index);
  },
  read: decodeVlans,
};

/**
 * Like `bridge vlan show dev LINK`, of a bridge or of its port. Throws NetlinkError: EOPNOTSUPP from a kernel without
 * CONFIG_BRIDGE_VLAN_FILTERING, EINVAL for a link that is neither.
 */
export function listVlans(client: Client, index: number): Vlans[] {
  return client.dump(SHOW_VLANS, index).flat();
}

function decodeVlans({ body }: Message): Vlans[] {
  body.skip(8);
  return entries.decode(body).flatMap(({ info, last }) => {
    if (!info) return [];
    const { flags, vid } = info;
    return [{ first: vid, last: last ?? vid, pvid: (flags & PVID) !== 0, untagged: (flags & UNTAGGED) !== 0 }];
  });
}
