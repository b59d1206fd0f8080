import { type Family, familyOf } from "../../base/ip.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Facts } from "./facts.ts";

const TABLE_MAIN = 254;

/** The links that the default routes of a family lead out by, each once, the best first. */
export function uplinksOf({ routes, links }: Pick<Facts, "routes" | "links">, family: Family = 4): Link[] {
  const defaults = routes
    .filter(({ dst, table }) => familyOf(dst.ip) === family && dst.length === 0 && (table ?? TABLE_MAIN) === TABLE_MAIN)
    .sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
  const found = defaults.flatMap(({ oif }) => links.find(({ index }) => index === oif) ?? []);
  return [...new Set(found)];
}
