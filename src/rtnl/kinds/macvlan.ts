import type { Mac } from "../../base/mac.ts";
import type { Change, Request } from "../../netlink/request.ts";
import { attrs } from "../../wire/attrs.ts";
import { cstr, mac, u32 } from "../../wire/coder.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../../wire/message.ts";
import { type Dev, indexOf, wordFor } from "../dev.ts";
import { IFLA_IFNAME, RTM_NEWLINK, writeLinkHeader } from "../tables.ts";
import { addressWords } from "../words.ts";

/** enum macvlan_mode (linux/if_link.h): what those of one parent may say to each other. */
export const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
export type MacvlanMode = keyof typeof MACVLAN_MODES;

/** A link with an address of its own on another's wire. */
export interface NewMacvlan {
  readonly name: string;
  readonly parent: Dev;
  readonly mode: MacvlanMode;
  readonly mac: Mac;
  /** Bytes. Absent: the parent's. */
  readonly mtu?: number | undefined;
}

/** IFLA_*; IFLA_MACVLAN_MODE. */
export const macvlanAttrs = attrs({
  ifname: [IFLA_IFNAME, cstr],
  address: [1, mac],
  mtu: [4, u32],
  link: [5, u32],
  linkInfo: [18, attrs({ kind: [1, cstr], data: [2, attrs({ mode: [1, u32] })] })],
});

export const ADD_MACVLAN: Change<NewMacvlan> = {
  type: RTM_NEWLINK,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: ({ name, parent, mode, mac, mtu }) =>
    `ip link add link ${wordFor(parent)} ${name} ${addressWords(mac, mtu)} type macvlan mode ${mode}`,
  write(w, { name, parent, mode, mac, mtu }) {
    const linkInfo = { kind: "macvlan", data: { mode: MACVLAN_MODES[mode] } };
    writeLinkHeader(w, 0, 0, 0);
    macvlanAttrs.encode(w, { ifname: name, address: mac, mtu, link: indexOf(parent), linkInfo });
  },
};

/** Like `ip link add link PARENT NAME address MAC [mtu N] type macvlan mode MODE`. EEXIST when the name is taken, EBUSY under a bridge's port. */
export function addMacvlan(link: NewMacvlan): Request<NewMacvlan> {
  return { form: ADD_MACVLAN, object: link };
}
