import type { Client } from "../../netlink/client.ts";
import { addRule, deleteRule, listRules, RULE_ACTIONS, type Rule, type RuleAction } from "../../rtnl/rule.ts";
import {
  FAMILIES,
  familiesOf,
  familyOf,
  type IpFamily,
  nameOf,
  networkOf,
  networkText,
  oneOf,
  refusal,
  wholeOf,
  wordOf,
} from "./values.ts";

/** A rule of the routing policy. What is absent matches any packet. */
interface Match {
  /** Lower first. Absent in a new one: the kernel's choice, before all but the first. */
  readonly priority?: number;
  /** The sender: a prefix or an address. */
  readonly from?: string;
  /** The destination. */
  readonly to?: string;
  /** The interface that a packet comes in by; "lo" is the machine itself. */
  readonly iif?: string;
  /** The interface that its socket is bound to. */
  readonly oif?: string;
  /** The packet's mark in the bits of `mask`. */
  readonly mark?: number;
  readonly mask?: number;
}

export interface RuleInfo extends Match {
  readonly family: IpFamily;
  readonly priority: number;
  readonly action: RuleAction | `${number}`;
  /** Which is looked up. Absent: none. */
  readonly table?: number;
}

export interface NewRule extends Match {
  /** Absent: that of `from` or `to`, else ipv4. */
  readonly family?: IpFamily;
  /** Absent: to look up `table`. */
  readonly action?: "lookup" | "blackhole" | "unreachable" | "prohibit";
  /** 254 is main. */
  readonly table?: number;
}

const WORD = 0xffffffff;

/** Which table routes what, in one network namespace: `ip rule`. */
export class Rules {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Like `ip rule show`, of one family or of both, each in the order in which its rules are asked. */
  list({ family }: { readonly family?: IpFamily } = {}): RuleInfo[] {
    return familiesOf(family).flatMap((number) => listRules(this.#client, number).map(ruleInfo));
  }

  /** Like `ip rule add`. EEXIST when there is the same. */
  add(rule: NewRule): void {
    this.#client.change(addRule(ruleOf(rule)));
  }

  /** Like `ip rule del`: the first that has all that is given. ENOENT when there is none. */
  delete(rule: NewRule): void {
    this.#client.change(deleteRule(ruleOf(rule)));
  }
}

function ruleOf(rule: NewRule): Rule {
  const { priority, iif, oif, mark, mask, table, action = "lookup" } = rule;
  const number = (field: string, value: number | undefined) =>
    value === undefined ? undefined : wholeOf(field, value, 0, WORD);
  const src = rule.from === undefined ? undefined : networkOf("from", rule.from);
  const dst = rule.to === undefined ? undefined : networkOf("to", rule.to);
  const family = oneOf("family", rule.family ?? familyOf((src ?? dst)?.ip ?? new Uint8Array(4)), FAMILIES);
  if (src && familyOf(src.ip) !== family) throw refusal("from", rule.from, `an address of ${family}`);
  if (dst && familyOf(dst.ip) !== family) throw refusal("to", rule.to, `an address of ${family}`);
  return {
    family: FAMILIES[family],
    priority: number("priority", priority),
    action: RULE_ACTIONS[oneOf("action", action, RULE_ACTIONS)],
    table: action === "lookup" ? wholeOf("table", table ?? 0, 1, WORD) : 0,
    src,
    dst,
    iif: iif === undefined ? undefined : nameOf("iif", iif),
    oif: oif === undefined ? undefined : nameOf("oif", oif),
    mark: number("mark", mark),
    mask: number("mask", mask),
  };
}

function ruleInfo({ family, priority = 0, action, table, src, dst, iif, oif, mark, mask }: Rule): RuleInfo {
  return {
    family: wordOf(FAMILIES, family) as IpFamily,
    priority,
    action: wordOf(RULE_ACTIONS, action),
    ...(table !== 0 && { table }),
    ...(src && { from: networkText(src) }),
    ...(dst && { to: networkText(dst) }),
    ...(iif !== undefined && { iif }),
    ...(oif !== undefined && { oif }),
    ...(mark !== undefined && { mark }),
    ...(mask !== undefined && { mask }),
  };
}
