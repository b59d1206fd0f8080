import type { Family } from "../../store/records.ts";
import type { Frontend, ServicePort, Target } from "../../store/resolve.ts";
import { endText } from "./bytes.ts";
import type { Group, PortPlan, WantedPort } from "./port-plan.ts";

/**
 * A service with its ports as a line of JSON: so it goes from thread to thread, and so it is kept. As objects it takes ten times the
 * memory, and copying them to another thread as long as everything else.
 */

const PROTOCOLS = ["tcp", "udp", "sctp"] as const;
const KINDS = ["cluster", "external", "balancer", "node"] as const;
const WAYS = ["all", "local"] as const;

type FrontendText = [kind: number, address: string, port: number, to: number, ...sources: string[]];
type PortText = [
  key: string,
  family: Family,
  protocol: number,
  affinity: number,
  frontends: FrontendText[],
  all: readonly string[],
  local: readonly string[],
  near: readonly string[],
];

/** The line of a service; `ports` are empty when it is no more. */
export function lineOf(service: string, ports: readonly ServicePort[]): string {
  return JSON.stringify([service, ...ports.map((port) => portText(service, port))]);
}

/** What a line says. */
export interface WantedService {
  readonly service: string;
  readonly ports: readonly WantedPort[];
}

export function wantedOf(line: string): WantedService {
  const [service, ...ports] = JSON.parse(line) as [string, ...PortText[]];
  return { service, ports: ports.map(portOf) };
}

function portText(service: string, { key, family, protocol, affinity, frontends, all, local }: ServicePort): PortText {
  const near = new Set<string>();
  for (const { isNear, address } of all) if (isNear) near.add(address);
  for (const { isNear, address } of local) if (isNear) near.add(address);
  return [
    key.slice(service.length + 1),
    family,
    PROTOCOLS.indexOf(protocol),
    affinity,
    frontends.map(frontendText),
    endsOf(all),
    endsOf(local),
    [...near],
  ];
}

function endsOf(targets: readonly Target[]): string[] {
  return targets.map(({ address, port }) => endText(address, port));
}

function frontendText({ kind, address, port, to, sources }: Frontend): FrontendText {
  return [KINDS.indexOf(kind), address, port, WAYS.indexOf(to), ...sources];
}

function portOf([key, family, protocol, affinity, frontends, all, local, near]: PortText): WantedPort {
  const named = PROTOCOLS[protocol] ?? "tcp";
  return { key, family, protocol: named, affinity, frontends: frontends.map(frontendOf), all, local, near };
}

function frontendOf([kind, address, port, to, ...sources]: FrontendText): Frontend {
  return { kind: KINDS[kind] ?? "cluster", address, port, to: WAYS[to] ?? "all", sources };
}

/** Absent parts are 0; of the endpoints where they are in the order that is wanted. */
type GroupText = [id: number, choice: number, ends: readonly string[] | 0, numbers: readonly number[] | 0];
/** `own`: the places of those of the frontends that are its own, 0 for all. */
type PlanText = [port: PortText, own: readonly number[] | 0, all: GroupText | 0, local: GroupText | 0];

/** What a service has in the kernel, as text. */
export function plansText(plans: readonly PortPlan[]): string {
  return JSON.stringify(plans.map(planText));
}

export function plansOf(text: string): PortPlan[] {
  return (JSON.parse(text) as PlanText[]).map(([wanted, own, all, local]) => {
    const port = portOf(wanted);
    return {
      port,
      frontends: own === 0 ? port.frontends : own.map((i) => port.frontends[i] as Frontend),
      ...(all && { all: groupOf(all, port.all) }),
      ...(local && { local: groupOf(local, port.local) }),
    };
  });
}

function planText({ port, frontends, all, local }: PortPlan): PlanText {
  const { key, family, protocol, affinity } = port;
  const wanted: PortText = [
    ...([key, family, PROTOCOLS.indexOf(protocol), affinity] as const),
    ...([port.frontends.map(frontendText), port.all, port.local, port.near] as const),
  ];
  const isAll = frontends.length === port.frontends.length;
  const own = isAll ? 0 : frontends.map((one) => port.frontends.indexOf(one));
  return [wanted, own, all ? groupText(all, port.all) : 0, local ? groupText(local, port.local) : 0];
}

function groupText({ id, choice, ends, numbers }: Group, wanted: readonly string[]): GroupText {
  const isAsWanted = ends.length === wanted.length && ends.every((end, i) => end === wanted[i]);
  return [id, choice, isAsWanted ? 0 : ends, numbers ?? 0];
}

function groupOf([id, choice, ends, numbers]: GroupText, wanted: readonly string[]): Group {
  return { id, choice, ends: ends || wanted, ...(numbers && { numbers }) };
}
