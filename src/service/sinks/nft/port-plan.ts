import type { IpFamily } from "../../../nft/match-concat.ts";
import type { Family, Protocol } from "../../store/records.ts";
import type { Frontend } from "../../store/resolve.ts";
import { networkOf, putAddress, putEnd, putFrontend, putNumber } from "./bytes.ts";
import { type Choice, choiceOf, DROP, ENDPOINTS_MAX, REJECT } from "./choices.ts";
import type { Elements, SetId } from "./elements.ts";
import type { View } from "./layout.ts";

/** What a port of a service has in the kernel. Pure. */

/** One port of a service, as it is wanted in the kernel. */
export interface WantedPort {
  /** `PORT/PROTOCOL/FAMILY`, by which the ports of one service are told apart. */
  readonly key: string;
  readonly family: Family;
  readonly protocol: Protocol;
  /** For how many seconds clients stay with an endpoint; 0: not at all. */
  readonly affinity: number;
  readonly frontends: readonly Frontend[];
  /** The endpoints for policy Cluster and those on this node, each `ADDRESS PORT`. */
  readonly all: readonly string[];
  readonly local: readonly string[];
  /** The addresses of those that are on this node, or on none that is named. */
  readonly near: readonly string[];
}

/** Endpoints among which one is chosen. */
export interface Group {
  readonly id: number;
  readonly choice: Choice;
  /** `ADDRESS PORT`, in the order of their places. */
  readonly ends: readonly string[];
  /** Of each of `ends`, its number; absent where clients do not stay. */
  readonly numbers?: readonly number[];
}

export interface PortPlan {
  readonly port: WantedPort;
  /** Those of the frontends that are its own: another service may have had the others before. */
  readonly frontends: readonly Frontend[];
  readonly all?: Group;
  readonly local?: Group;
}

/** Settings of the machine that change what is wanted. */
export interface Masquerading {
  /** All that goes to a service gets the node's address. */
  readonly always: boolean;
  /** What does not come from the node's containers does. */
  readonly foreign: boolean;
}

export const FAMILY = { 4: "ip", 6: "ip6" } as const satisfies Record<4 | 6, IpFamily>;

/** More than a group can have are left out. */
export function fitting(ends: readonly string[]): readonly string[] {
  return ends.length > ENDPOINTS_MAX ? ends.slice(0, ENDPOINTS_MAX) : ends;
}

/** What becomes of a packet to a group; `isElsewhere`: other nodes have endpoints where this has none. */
export function choiceFor(count: number, affinity: number, isElsewhere: boolean): Choice {
  if (count > 0) return choiceOf(count, affinity);
  return isElsewhere ? DROP : REJECT;
}

/** Which groups a port needs: what its frontends lead to, and all for those inside where outsiders are led to the near ones. */
export function groupsNeeded(frontends: readonly Frontend[]): { readonly all: boolean; readonly local: boolean } {
  const local = frontends.some(({ to }) => to === "local");
  return { all: frontends.some((one) => one.to === "all" || one.kind !== "cluster"), local };
}

/** Adds all elements of a port, of whose family `into` is, but those of `hairpin`, which services share. */
export function emitPort(plan: PortPlan, masquerading: Masquerading, into: Elements): void {
  const { all, local, frontends } = plan;
  if (all) emitGroup(all, into);
  if (local) emitGroup(local, into);
  const isMasqueraded = masquerading.always || frontends.some(({ kind }) => kind !== "cluster");
  if (all && isMasqueraded) emitTargets(all, into);
  for (const frontend of frontends) emitFrontend(plan, frontend, masquerading, into);
}

function emitGroup({ id, choice, ends, numbers }: Group, into: Elements): void {
  if (numbers) emitMembers(id, ends, numbers, into);
  else {
    const endpoints = into.of("endpoints");
    for (let place = 0; place < ends.length; place++) {
      const at = endpoints.push();
      putNumber(endpoints.bytes, at, id);
      putNumber(endpoints.bytes, at + 4, place);
      putEnd(endpoints.bytes, at + 8, ends[place] as string);
    }
  }
  emitNumbers(into, "groups", id, choice);
}

function emitMembers(id: number, ends: readonly string[], numbers: readonly number[], into: Elements): void {
  const members = into.of("members");
  const live = into.of("live");
  ends.forEach((end, place) => {
    const number = numbers[place] as number;
    const at = members.push();
    putNumber(members.bytes, at, id);
    putNumber(members.bytes, at + 4, place);
    putNumber(members.bytes, at + 8, number);
    const of = live.push();
    putNumber(live.bytes, of, number);
    putEnd(live.bytes, of + 4, end);
  });
}

function emitTargets({ id, ends }: Group, into: Elements): void {
  const targets = into.of("targets");
  for (const end of ends) {
    const at = targets.push();
    putNumber(targets.bytes, at, id);
    putEnd(targets.bytes, at + 4, end);
  }
}

function emitNumbers(into: Elements, set: SetId, key: number, data: number): void {
  const packed = into.of(set);
  const at = packed.push();
  putNumber(packed.bytes, at, key);
  putNumber(packed.bytes, at + 4, data);
}

function emitFrontend(plan: PortPlan, frontend: Frontend, masquerading: Masquerading, into: Elements): void {
  const { port, all, local } = plan;
  const { kind, to, sources } = frontend;
  const { protocol } = port;
  const isNode = kind === "node";
  if (sources.length > 0) emitSources(frontend, protocol, into);
  if (masquerading.always || (kind !== "cluster" && to === "all"))
    emitKey(into, isNode ? "masquerade-node" : "masquerade", frontend, protocol);
  if (masquerading.foreign && kind === "cluster") emitKey(into, "foreign", frontend, protocol);
  const view: View = isNode ? "node" : "services";
  if (to === "local" && kind !== "cluster" && all) emitKey(into, `${view}-inside`, frontend, protocol, all.id);
  const group = to === "local" ? local : all;
  if (group) emitKey(into, view, frontend, protocol, group.id);
}

function emitKey(into: Elements, set: SetId, frontend: Frontend, protocol: Protocol, data?: number): void {
  const packed = into.of(set);
  const at = packed.push();
  const end = putFrontend(packed.bytes, at, frontend, protocol);
  if (data !== undefined) putNumber(packed.bytes, end, data);
}

/** Where sources are given, nobody else gets there: also of the family that none of them is of. */
function emitSources(frontend: Frontend, protocol: Protocol, into: Elements): void {
  emitKey(into, "guarded", frontend, protocol);
  for (const source of frontend.sources) {
    const network = networkOf(into.family, source);
    if (!network) continue;
    const packed = into.of(`ranges-${network.length}`);
    const at = packed.push();
    packed.bytes.set(network.ip, putFrontend(packed.bytes, at, frontend, protocol));
  }
}

/** Adds the pair of the same address. */
export function emitHairpin(address: string, into: Elements): void {
  const packed = into.of("hairpin");
  const at = packed.push();
  putAddress(packed.bytes, putAddress(packed.bytes, at, address), address);
}
