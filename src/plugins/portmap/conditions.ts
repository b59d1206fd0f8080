import { Explained } from "../../base/explained.ts";
import { parseCondition } from "../../features/port-map/condition-words.ts";
import type { Conditions } from "../../features/port-map/wish.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { BackendKeys } from "./backend.ts";

const KEYS = { ip: "conditionsV4", ip6: "conditionsV6" } as const;

/**
 * The conditions of nf_tables' mappings; undefined when there is none. Words are joined by blanks.
 * @throws CniError 7 for what is not understood, naming key and word
 */
export function readConditions(raw: BackendKeys): Conditions | undefined {
  const found = (["ip", "ip6"] as const).map((family) => [family, readCondition(family, raw)] as const);
  const conditions = Object.fromEntries(found.filter(([, condition]) => condition));
  return Object.keys(conditions).length > 0 ? conditions : undefined;
}

function readCondition(family: "ip" | "ip6", raw: BackendKeys) {
  const key = KEYS[family];
  try {
    return parseCondition(family, (raw[key] ?? []).join(" "));
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    const further = 'iptables knows more, with "backend": "iptables" and conditions in its syntax';
    throw new CniError(INVALID_CONFIG, `${key}: ${error.message}`, `${error.details}; ${further}`, error);
  }
}
