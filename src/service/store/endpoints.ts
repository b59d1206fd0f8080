import type { EndpointRecord } from "./records.ts";

/** Which endpoints of a service count, by Kubernetes' rules. Pure. */

/** An endpoint, and what else is known of it. */
interface Located {
  readonly endpoint: EndpointRecord;
}

/** Where this node is. */
export interface Place {
  /** Its name, as endpoints have it in nodeName. */
  readonly node: string;
  /** Of the cloud or the data centre; "": not known. */
  readonly zone: string;
}

/**
 * The endpoints that policy Cluster leads to: those that are ready, and of them the near ones where hints say so. Where none is ready,
 * those that still serve while they end (KEP-1669), wherever they are.
 */
export function usable<E extends Located>(endpoints: readonly E[], publishNotReady: boolean, place: Place): E[] {
  const ready = endpoints.filter(({ endpoint }) => endpoint.ready || publishNotReady);
  if (ready.length > 0) return near(ready, place);
  return endpoints.filter(isEnding);
}

/** Those that policy Local leads to: ready on this node, or else ending there. */
export function ofThisNode<E extends Located>(endpoints: readonly E[], publishNotReady: boolean, { node }: Place): E[] {
  const here = endpoints.filter(({ endpoint }) => endpoint.node === node && node !== "");
  const ready = here.filter(({ endpoint }) => endpoint.ready || publishNotReady);
  return ready.length > 0 ? ready : here.filter(isEnding);
}

function isEnding({ endpoint: { serving, terminating } }: Located): boolean {
  return serving && terminating;
}

/** Hints count where every endpoint has some and one is for here: those for the node go before those for the zone. */
function near<E extends Located>(ready: readonly E[], { node, zone }: Place): E[] {
  const forNode = meant(ready, ({ forNodes }) => forNodes, node);
  return forNode ?? meant(ready, ({ forZones }) => forZones, zone) ?? [...ready];
}

function meant<E extends Located>(
  ready: readonly E[],
  hints: (endpoint: EndpointRecord) => readonly string[] | undefined,
  here: string,
): E[] | undefined {
  if (here === "" || !ready.every(({ endpoint }) => hints(endpoint))) return undefined;
  const chosen = ready.filter(({ endpoint }) => hints(endpoint)?.includes(here));
  return chosen.length > 0 ? chosen : undefined;
}
