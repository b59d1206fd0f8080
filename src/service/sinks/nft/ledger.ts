import { concatenated } from "../../../nft/concat.ts";
import type { IpFamily } from "../../../nft/match-concat.ts";
import type { Frontend, ServicePort } from "../../store/resolve.ts";
import { ipOf } from "./bytes.ts";
import { Claims } from "./claims.ts";
import { Edits, type Elements, type Item, noteDifference, putItem } from "./edits.ts";
import { type Adoptable, Planner } from "./planner.ts";
import { emitPort, FAMILY, type Masquerading, type PortPlan } from "./port-plan.ts";

/** Of a service its ports as they are to be. */
export type PortsOf = (service: string) => readonly ServicePort[];

/** What a change of services is in the kernel. */
export interface Step {
  readonly edits: Readonly<Record<IpFamily, Edits>>;
  /** Ports of UDP whose clients may have to be led elsewhere than conntrack has it: as they were, and as they are. */
  readonly udp: readonly { readonly before: PortPlan | undefined; readonly now: PortPlan | undefined }[];
}

/** What the kernel has of each service, as this agent made it, and what is to change there when services do. Without I/O. */
export class Ledger {
  readonly #masquerading: Masquerading;
  readonly #planner: Planner;
  readonly #claims = new Claims();
  readonly #plans = new Map<string, readonly PortPlan[]>();
  /** How many plans have an endpoint with that address on this node. */
  readonly #near = new Map<string, number>();

  constructor(masquerading: Masquerading, adoptable?: Adoptable) {
    this.#masquerading = masquerading;
    this.#planner = new Planner(adoptable);
  }

  /** The services that wait for what another has. */
  get waiting(): Set<string> {
    return new Set([...this.#claims.conflicts()].flatMap(({ waiting }) => waiting));
  }

  /** Addresses and ports that several services want, a line each. */
  get conflicts(): string[] {
    return [...this.#claims.conflicts()].map(
      ({ what, owner, waiting }) => `${what} is ${owner}'s; ${waiting.join(", ")} would have it too, and waits`,
    );
  }

  /** That all there was has been planned: what else there is in the kernel is nobody's. */
  settle(): void {
    this.#planner.settle();
  }

  /** Plans services anew, and those that waited for what they give up. Returns what is to be done for that, as if it was done. */
  change(services: Iterable<string>, portsOf: PortsOf): Step {
    const before = new Map<string, readonly PortPlan[]>();
    const near = new Map<string, boolean>();
    const queue = [...services];
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      const had = this.#plans.get(key) ?? [];
      if (!before.has(key)) before.set(key, had);
      queue.push(...this.#replan(key, had, portsOf(key), near));
    }
    return this.#stepFrom(before, near);
  }

  /** All that the kernel should have. */
  wanted(): Readonly<Record<IpFamily, Elements>> {
    const wanted = { ip: new Map(), ip6: new Map() } satisfies Record<IpFamily, Elements>;
    for (const plans of this.#plans.values())
      for (const plan of plans) this.#emit(plan, wanted[FAMILY[plan.port.family]]);
    for (const address of this.#near.keys()) putItem(wanted[familyOf(address)], "hairpin", { key: pairOf(address) });
    return wanted;
  }

  #replan(key: string, had: readonly PortPlan[], ports: readonly ServicePort[], near: Map<string, boolean>): string[] {
    const claims = new Set(ports.flatMap((port) => port.frontends.map((frontend) => claimOf(port, frontend))));
    const freed = had.flatMap(({ port }) =>
      port.frontends.flatMap((frontend) => {
        const claim = claimOf(port, frontend);
        return claims.has(claim) ? [] : [...this.#claims.release(claim, key)];
      }),
    );
    // An address may be given twice, say as that of a load balancer and in externalIPs.
    const seen = new Set<string>();
    const isOwn = (claim: string) => !seen.has(claim) && seen.add(claim) && this.#claims.take(claim, key);
    const plans = ports.map((port) => {
      const own = port.frontends.filter((frontend) => isOwn(claimOf(port, frontend)));
      return this.#planner.plan(
        port,
        own,
        had.find((plan) => plan.port.key === port.key),
      );
    });
    for (const plan of had) for (const address of nearOf(plan)) this.#count(address, -1, near);
    for (const plan of plans) for (const address of nearOf(plan)) this.#count(address, 1, near);
    if (plans.length > 0) this.#plans.set(key, plans);
    else this.#plans.delete(key);
    return freed;
  }

  /** Notes in `near` whether there was one before. */
  #count(address: string, by: 1 | -1, near: Map<string, boolean>): void {
    const before = this.#near.get(address) ?? 0;
    if (!near.has(address)) near.set(address, before > 0);
    if (before + by === 0) this.#near.delete(address);
    else this.#near.set(address, before + by);
  }

  #stepFrom(before: ReadonlyMap<string, readonly PortPlan[]>, near: ReadonlyMap<string, boolean>): Step {
    const edits = { ip: new Edits("ip"), ip6: new Edits("ip6") };
    const udp: { before: PortPlan | undefined; now: PortPlan | undefined }[] = [];
    for (const [key, had] of before) {
      const now = this.#plans.get(key) ?? [];
      for (const family of [4, 6] as const) this.#noteChange(edits[FAMILY[family]], of(had, family), of(now, family));
      const keys = new Set([...had, ...now].flatMap(({ port }) => (port.protocol === "udp" ? [port.key] : [])));
      const find = (plans: readonly PortPlan[], key: string) => plans.find(({ port }) => port.key === key);
      for (const port of keys) udp.push({ before: find(had, port), now: find(now, port) });
    }
    for (const [address, was] of near) {
      const is = this.#near.has(address);
      const item = { key: pairOf(address) };
      if (is !== was) edits[familyOf(address)][is ? "add" : "remove"]("hairpin", item);
    }
    return { edits, udp };
  }

  #noteChange(edits: Edits, had: readonly PortPlan[], now: readonly PortPlan[]): void {
    for (const { all, local } of now) for (const group of [all, local]) if (group) edits.choose(group.choice);
    if (had.length === 0) {
      for (const plan of now) {
        emitPort(plan, this.#masquerading, (set, key, data) => edits.add(set, itemOf(key, data)));
      }
      return;
    }
    const [before, wanted] = [new Map(), new Map()] as [Elements, Elements];
    for (const plan of had) this.#emit(plan, before);
    for (const plan of now) this.#emit(plan, wanted);
    noteDifference(edits, before, wanted);
  }

  #emit(plan: PortPlan, into: Elements): void {
    emitPort(plan, this.#masquerading, (set, key, data) => putItem(into, set, itemOf(key, data)));
  }
}

function itemOf(key: Uint8Array, data: Uint8Array | undefined): Item {
  return data ? { key, data } : { key };
}

function of(plans: readonly PortPlan[], family: 4 | 6): PortPlan[] {
  return plans.filter(({ port }) => port.family === family);
}

function claimOf({ family, protocol }: ServicePort, { address, port }: Frontend): string {
  return `${address || (family === 4 ? "node port" : "node port (IPv6)")} ${protocol} ${port}`;
}

function nearOf({ port }: PortPlan): string[] {
  return [...port.all, ...port.local].flatMap(({ address, isNear }) => (isNear ? [address] : []));
}

function familyOf(address: string): IpFamily {
  return address.includes(":") ? "ip6" : "ip";
}

function pairOf(address: string): Uint8Array {
  const ip = ipOf(address);
  return concatenated(ip, ip);
}
