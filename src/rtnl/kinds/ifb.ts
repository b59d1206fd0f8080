import type { Change, Request } from "../../netlink/request.ts";
import { attrs } from "../../wire/attrs.ts";
import { cstr, u32 } from "../../wire/coder.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../../wire/message.ts";
import { IFF_UP } from "../link.ts";
import { IFLA_IFNAME, IFLA_TXQLEN, RTM_NEWLINK, writeLinkHeader } from "../tables.ts";

/** An intermediate functional block: what is redirected to it comes back out, by its queue. */
export interface NewIfb {
  readonly name: string;
  /** Bytes. */
  readonly mtu: number;
}

/** IFLA_*. */
export const ifbAttrs = attrs({
  ifname: [IFLA_IFNAME, cstr],
  mtu: [4, u32],
  txqlen: [IFLA_TXQLEN, u32],
  linkInfo: [18, attrs({ kind: [1, cstr] })],
});

export const ADD_IFB: Change<NewIfb> = {
  type: RTM_NEWLINK,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: ({ name, mtu }) => `ip link add ${name} mtu ${mtu} txqueuelen 0 up type ifb`,
  write(w, { name, mtu }) {
    writeLinkHeader(w, 0, IFF_UP, IFF_UP);
    ifbAttrs.encode(w, { mtu, txqlen: 0, ifname: name, linkInfo: { kind: "ifb" } });
  },
};

/** Like `ip link add NAME mtu BYTES txqueuelen 0 up type ifb`. EEXIST when the name is taken, EOPNOTSUPP without ifb. */
export function addIfb(ifb: NewIfb): Request<NewIfb> {
  return { form: ADD_IFB, object: ifb };
}
