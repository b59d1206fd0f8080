import type { Mac } from "../../base/mac.ts";
import type { Change, Request } from "../../netlink/request.ts";
import { attrs } from "../../wire/attrs.ts";
import { cstr, mac, u32 } from "../../wire/coder.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../../wire/message.ts";
import { IFLA_IFNAME, RTM_NEWLINK, writeLinkHeader } from "../tables.ts";
import { addressWords } from "../words.ts";

/** A link of a kind that needs no settings of its own. */
export interface NewPlain {
  readonly name: string;
  /** `dummy`: swallows what is sent. `ifb`: what is redirected to it comes back out, by its queue. */
  readonly kind: "dummy" | "ifb";
  readonly mac: Mac;
  /** Bytes. Absent: the kind's own. */
  readonly mtu?: number | undefined;
}

/** IFLA_*. */
export const plainAttrs = attrs({
  ifname: [IFLA_IFNAME, cstr],
  address: [1, mac],
  mtu: [4, u32],
  linkInfo: [18, attrs({ kind: [1, cstr] })],
});

export const ADD_PLAIN: Change<NewPlain> = {
  type: RTM_NEWLINK,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: ({ name, kind, mac, mtu }) => `ip link add ${name} ${addressWords(mac, mtu)} type ${kind}`,
  write(w, { name, kind, mac, mtu }) {
    writeLinkHeader(w, 0, 0, 0);
    plainAttrs.encode(w, { ifname: name, address: mac, mtu, linkInfo: { kind } });
  },
};

/** Like `ip link add NAME address MAC [mtu N] type KIND`. EEXIST when the name is taken, EOPNOTSUPP where the kernel has no such kind. */
export function addPlain(link: NewPlain): Request<NewPlain> {
  return { form: ADD_PLAIN, object: link };
}
