import { formatPrefix, type Prefix } from "../base/ip.ts";
import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { type Coder, cstr, ip, u32 } from "../wire/coder.ts";
import type { Writer } from "../wire/cursor.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../wire/message.ts";
import { AF_INET6 } from "./tables.ts";

/** Rules that say which table routes a packet, as `ip rule` has them (linux/fib_rules.h). */

const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
const RTM_GETRULE = 34;

/** FR_ACT_*. */
export const RULE_ACTIONS = { lookup: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
export type RuleAction = keyof typeof RULE_ACTIONS;

export interface Rule {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  /** Lower first. Absent: the kernel's choice, before all but the first. */
  readonly priority?: number | undefined;
  /** FR_ACT_*. */
  readonly action: number;
  /** 0 where the action is not to look one up. */
  readonly table: number;
  /** Absent: any. */
  readonly src?: Prefix | undefined;
  readonly dst?: Prefix | undefined;
  readonly iif?: string | undefined;
  readonly oif?: string | undefined;
  /** What the packet's mark is, in the bits of `mask`. Absent: any. */
  readonly mark?: number | undefined;
  readonly mask?: number | undefined;
}

/** struct fib_rule_hdr. */
interface RuleHeader {
  readonly family: number;
  readonly dstLength: number;
  readonly srcLength: number;
  readonly table: number;
  readonly action: number;
}

export const ruleHeader: Coder<RuleHeader> = {
  encode(w, { family, dstLength, srcLength, table, action }) {
    w.u32(family | (dstLength << 8) | (srcLength << 16));
    w.u32(table | (action << 24));
    w.zero(4);
  },
  decode(r) {
    const [family = 0, dstLength = 0, srcLength = 0, , table = 0, , , action = 0] = r.take(8);
    r.skip(4);
    return { family, dstLength, srcLength, table, action };
  },
};

/** FRA_*. */
export const ruleAttrs = attrs({
  dst: [1, ip],
  src: [2, ip],
  iif: [3, cstr],
  priority: [6, u32],
  mark: [10, u32],
  table: [15, u32],
  mask: [16, u32],
  oif: [17, cstr],
});

function write(w: Writer, { family, action, table, src, dst, ...rest }: Rule): void {
  const [dstLength, srcLength] = [dst?.length ?? 0, src?.length ?? 0];
  ruleHeader.encode(w, { family, dstLength, srcLength, table: table < 256 ? table : 0, action });
  const { iif, priority, mark, mask, oif } = rest;
  const large = table < 256 ? undefined : table;
  ruleAttrs.encode(w, { src: src?.ip, dst: dst?.ip, mark, mask, priority, table: large, iif, oif });
}

function change(verb: string, type: number, flags: number): Change<Rule> {
  return { type, flags, text: (rule) => `ip rule ${verb} ${words(rule)}`, write };
}

function words({ src, dst, iif, oif, mark, priority, action, table }: Rule): string {
  const lookup = action === RULE_ACTIONS.lookup ? `lookup ${table}` : `action ${action}`;
  const parts = [
    `from ${src ? formatPrefix(src) : "all"}`,
    dst && `to ${formatPrefix(dst)}`,
    iif !== undefined && `iif ${iif}`,
    oif !== undefined && `oif ${oif}`,
    mark !== undefined && `fwmark 0x${mark.toString(16)}`,
    priority !== undefined && `priority ${priority}`,
    lookup,
  ];
  return parts.filter(Boolean).join(" ");
}

export const ADD_RULE = change("add", RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
export const DELETE_RULE = change("del", RTM_DELRULE, 0);

/** Like `ip rule add`. EEXIST when there is the same. */
export function addRule(rule: Rule): Request<Rule> {
  return { form: ADD_RULE, object: rule };
}

/** Like `ip rule del`: the first that has all that is given. ENOENT when there is none. */
export function deleteRule(rule: Rule): Request<Rule> {
  return { form: DELETE_RULE, object: rule };
}

const SHOW_RULES: Question<number, Rule> = {
  type: RTM_GETRULE,
  flags: 0,
  text: (family) => `ip ${family === AF_INET6 ? "-6" : "-4"} rule show`,
  write: (w, family) => ruleHeader.encode(w, { family, dstLength: 0, srcLength: 0, table: 0, action: 0 }),
  read({ body }) {
    const { family, dstLength, srcLength, ...header } = ruleHeader.decode(body);
    const { dst, src, table, priority = 0, ...rest } = ruleAttrs.decode(body);
    const prefix = (ip: Uint8Array | undefined, length: number) => ip && { ip: ip.slice(), length };
    return {
      ...rest,
      family,
      priority,
      action: header.action,
      table: table ?? header.table,
      src: prefix(src, srcLength),
      dst: prefix(dst, dstLength),
    };
  },
};

/** Like `ip rule show` of one family, in the order in which they are asked. */
export function listRules(client: Client, family: number): Rule[] {
  return client.dump(SHOW_RULES, family);
}
