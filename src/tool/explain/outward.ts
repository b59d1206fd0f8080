import type { Facts } from "./facts.ts";
import type { Hop } from "./hop.ts";
import { uplinkHop } from "./hops/routes.ts";
import { checkHop, rulesHop, translationHop } from "./hops/rules.ts";
import { wayHops } from "./hops/way.ts";

/** The hops of a packet that leaves the container. */
export function outwardHops(facts: Facts): Hop[] {
  const hops = [...wayHops(facts), rulesHop(facts), checkHop(facts), translationHop(facts), uplinkHop(facts)];
  return hops.filter((hop) => hop !== undefined);
}
