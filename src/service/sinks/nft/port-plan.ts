import { concatenated } from "../../../nft/concat.ts";
import type { IpFamily } from "../../../nft/match-concat.ts";
import type { Frontend, ServicePort, Target } from "../../store/resolve.ts";
import { endBytes, endText, frontendKey, numbers, rangeKey } from "./bytes.ts";
import { type Choice, choiceOf, DROP, ENDPOINTS_MAX, REJECT } from "./choices.ts";
import type { Maps, View } from "./layout.ts";

/** What a port of a service has in the kernel. Pure. */

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
  readonly port: ServicePort;
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

/** A map or set by its name in the layout, or `ranges-LENGTH`. */
export type SetId = keyof Maps | `ranges-${number}`;

/** Takes an element that is wanted. */
export type Emit = (set: SetId, key: Uint8Array, data?: Uint8Array) => void;

export const FAMILY = { 4: "ip", 6: "ip6" } as const satisfies Record<4 | 6, IpFamily>;

/** The endpoints of a group, as text. More than a group can have are left out. */
export function endsOf(targets: readonly Target[]): string[] {
  return targets.slice(0, ENDPOINTS_MAX).map(({ address, port }) => endText(address, port));
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

/** All elements of a port, but those of `hairpin`, which services share. The port's own come last. */
export function emitPort(plan: PortPlan, masquerading: Masquerading, emit: Emit): void {
  const { all, local, frontends } = plan;
  if (all) emitGroup(all, emit);
  if (local) emitGroup(local, emit);
  const isMasqueraded = masquerading.always || frontends.some(({ kind }) => kind !== "cluster");
  if (all && isMasqueraded) for (const end of all.ends) emit("targets", concatenated(numbers(all.id), endBytes(end)));
  for (const frontend of frontends) emitFrontend(plan, frontend, masquerading, emit);
}

function emitGroup({ id, choice, ends, numbers: own }: Group, emit: Emit): void {
  ends.forEach((end, place) => {
    const key = numbers(id, place);
    const number = own?.[place];
    if (number === undefined) {
      emit("endpoints", key, endBytes(end));
      return;
    }
    emit("members", key, numbers(number));
    emit("live", numbers(number), endBytes(end));
  });
  emit("groups", numbers(id), numbers(choice));
}

function emitFrontend(
  { port, all, local }: PortPlan,
  frontend: Frontend,
  masquerading: Masquerading,
  emit: Emit,
): void {
  const { kind, address, to, sources } = frontend;
  const key = frontendKey(address, port.protocol, frontend.port);
  const isNode = kind === "node";
  if (sources.length > 0) emitSources(FAMILY[port.family], key, sources, emit);
  if (masquerading.always || (kind !== "cluster" && to === "all")) emit(isNode ? "masquerade-node" : "masquerade", key);
  if (masquerading.foreign && kind === "cluster") emit("foreign", key);
  const view: View = isNode ? "node" : "services";
  if (to === "local" && kind !== "cluster" && all) emit(`${view}-inside`, key, numbers(all.id));
  const group = to === "local" ? local : all;
  if (group) emit(view, key, numbers(group.id));
}

/** Where sources are given, nobody else gets there: also of the family that none of them is of. */
function emitSources(family: IpFamily, key: Uint8Array, sources: readonly string[], emit: Emit): void {
  emit("guarded", key);
  for (const source of sources) {
    const range = rangeKey(family, key, source);
    if (range) emit(`ranges-${range.length}`, range.key);
  }
}
