import type { Facts } from "../facts.ts";
import type { Hop } from "../hop.ts";
import { bridgeHop, hostEndHop, interfaceHop, mtuHop } from "./cable.ts";
import { backHop, forwardingHop, neighbourHop, routeHop } from "./routes.ts";

/**
 * The hops between a container and the host, whichever way a packet goes. What others depend on comes first, so that the first
 * that is broken is the cause: the links before the neighbour that nobody answers for, the neighbour before the rules that see
 * no packet. Undefined: there is no such hop.
 */
export function wayHops(facts: Facts): (Hop | undefined)[] {
  return [
    interfaceHop(facts),
    hostEndHop(facts),
    bridgeHop(facts),
    routeHop(facts),
    neighbourHop(facts),
    backHop(facts),
    mtuHop(facts),
    forwardingHop(facts),
  ];
}
