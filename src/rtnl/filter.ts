import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { type Coder, cstr, u32 } from "../wire/coder.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../wire/message.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { INGRESS_HANDLE, TCA_KIND, TCA_OPTIONS, tcHeader } from "./tc.ts";

/** Filters of what comes in to a device, as `tc filter` has them. */

const RTM_NEWTFILTER = 44;
const RTM_GETTFILTER = 46;

/** Priority 1, and ETH_P_ALL in network order. */
const FIRST_OF_ALL = 0x00010300;
/** "1:1", which the reference gives, and nothing looks at. */
const CLASSID = 0x00010001;
/** linux/pkt_cls.h, linux/tc_act/tc_mirred.h. */
const TC_U32_TERMINAL = 1;
const TC_ACT_STOLEN = 4;
const TCA_EGRESS_REDIR = 1;

/** struct tc_u32_sel with one struct tc_u32_key of zeros: it matches everything. */
const matchAll: Coder<true> = {
  encode(w) {
    w.u32(TC_U32_TERMINAL | (1 << 16));
    w.zero(12 + 16);
  },
  decode(r) {
    r.skip(r.left);
    return true;
  },
};

/** struct tc_mirred: redirects to ifindex. */
const mirred: Coder<number> = {
  encode(w, index) {
    w.words(0, 0, TC_ACT_STOLEN, 0);
    for (const word of [0, TCA_EGRESS_REDIR, index]) w.u32(word);
  },
  decode(r) {
    r.skip(24);
    return r.u32();
  },
};

/** TCA_ACT_*: one action, which is that of order 1. */
const action = attrs({ kind: [1, cstr], options: [2, attrs({ parms: [2, mirred] })] });
/** TCA_U32_*. */
const u32Options = attrs({
  classid: [1, u32],
  actions: [7, attrs({ first: [1, action] })],
  selector: [5, matchAll],
});
export const filterAttrs = attrs({ kind: [TCA_KIND, cstr], options: [TCA_OPTIONS, u32Options] });

export interface Redirection {
  readonly from: Dev;
  readonly to: Dev;
}

export const ADD_REDIRECTION: Change<Redirection> = {
  type: RTM_NEWTFILTER,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: ({ from, to }) =>
    `tc filter add dev ${wordFor(from)} parent ffff: protocol all prio 1 u32 match u32 0 0 classid 1:1 action mirred egress redirect dev ${wordFor(to)}`,
  write(w, { from, to }) {
    tcHeader.encode(w, { index: indexOf(from), handle: 0, parent: INGRESS_HANDLE, info: FIRST_OF_ALL });
    const first = { kind: "mirred", options: { parms: indexOf(to) } };
    filterAttrs.encode(w, {
      kind: "u32",
      options: { classid: CLASSID, actions: { first }, selector: true },
    });
  },
};

/**
 * Like `tc filter add dev FROM parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev TO`: all
 * that comes in to FROM leaves by TO. ENOENT where the kernel has no u32 or no mirred.
 */
export function addRedirection(from: Dev, to: Dev): Request<Redirection> {
  return { form: ADD_REDIRECTION, object: { from, to } };
}

const SHOW_REDIRECTIONS: Question<Dev, number> = {
  type: RTM_GETTFILTER,
  flags: 0,
  text: (dev) => `tc filter show dev ${wordFor(dev)} parent ffff:`,
  write(w, dev) {
    tcHeader.encode(w, { index: indexOf(dev), handle: 0, parent: INGRESS_HANDLE, info: 0 });
  },
  read({ body }) {
    tcHeader.decode(body);
    const { kind, options } = filterAttrs.decode(body);
    const { first } = (kind === "u32" && options?.actions) || {};
    return (first?.kind === "mirred" && first.options?.parms) || 0;
  },
};

/** Where the filters of what comes in to a device redirect: the ifindex of each. */
export function listRedirections(client: Client, dev: Dev): number[] {
  return client.dump(SHOW_REDIRECTIONS, dev).filter((index) => index !== 0);
}
