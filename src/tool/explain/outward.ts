import type { Facts } from "./facts.ts";
import type { Hop } from "./hop.ts";
import { bridgeHop, hostEndHop, interfaceHop, mtuHop } from "./hops/cable.ts";
import { backHop, forwardingHop, neighbourHop, routeHop, uplinkHop } from "./hops/routes.ts";
import { checkHop, rulesHop, translationHop } from "./hops/rules.ts";

/**
 * The hops of a packet that leaves the container. What others depend on comes first, so that the first that is broken is
 * the cause: the links before the neighbour that nobody answers for, the neighbour before the rules that see no packet.
 */
export function outwardHops(facts: Facts): Hop[] {
  const hops = [
    interfaceHop(facts),
    hostEndHop(facts),
    bridgeHop(facts),
    routeHop(facts),
    neighbourHop(facts),
    backHop(facts),
    mtuHop(facts),
    forwardingHop(facts),
    rulesHop(facts),
    checkHop(facts),
    translationHop(facts),
    uplinkHop(facts),
  ];
  return hops.filter((hop) => hop !== undefined);
}
