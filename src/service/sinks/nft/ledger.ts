import type { IpFamily } from "../../../nft/match-concat.ts";
import type { Frontend } from "../../store/resolve.ts";
import { Claims } from "./claims.ts";
import { Edits } from "./edits.ts";
import { Elements, noteDifference } from "./elements.ts";
import { FAMILIES } from "./layout.ts";
import { type Adoptable, Planner } from "./planner.ts";
import { emitHairpin, emitPort, FAMILY, type Masquerading, type PortPlan, type WantedPort } from "./port-plan.ts";
import { plansOf, plansText, wantedOf } from "./port-text.ts";

/** What a change of services is in the kernel. */
export interface Step {
  readonly edits: Readonly<Record<IpFamily, Edits>>;
  /** Ports of UDP whose clients may have to be led elsewhere than conntrack has it: as they were, and as they are. */
  readonly udp: readonly { readonly before: PortPlan | undefined; readonly now: PortPlan | undefined }[];
}

/** What a change has come to so far. */
interface Changing {
  readonly before: Map<string, readonly PortPlan[]>;
  readonly now: Map<string, readonly PortPlan[]>;
  /** Addresses of endpoints near by, and whether there was one before. */
  readonly near: Map<string, boolean>;
}

/** What the kernel has of each service, as this agent made it, and what is to change there when services do. Without I/O. */
export class Ledger {
  readonly #masquerading: Masquerading;
  readonly #planner: Planner;
  readonly #claims = new Claims();
  /** By service, as text (port-text.ts). */
  readonly #plans = new Map<string, string>();
  /** How many plans have an endpoint with that address on this node. */
  readonly #near = new Map<string, number>();

  constructor(masquerading: Masquerading, adoptable?: Adoptable) {
    this.#masquerading = masquerading;
    this.#planner = new Planner(adoptable);
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

  /**
   * Plans services anew, each a line of port-text.ts, and those that waited for what they give up. Returns what is to be done for
   * that, as if it was done, after what there is in `edits` already.
   */
  change(lines: Iterable<string>, edits: Step["edits"] = newEdits()): Step {
    const changing: Changing = { before: new Map(), now: new Map(), near: new Map() };
    const freed: string[] = [];
    for (const line of lines) {
      const { service, ports } = wantedOf(line);
      freed.push(...this.#replan(service, ports, changing));
    }
    for (let key = freed.pop(); key !== undefined; key = freed.pop()) {
      const ports = (changing.now.get(key) ?? this.#plansOf(key)).map(({ port }) => port);
      freed.push(...this.#replan(key, ports, changing));
    }
    for (const [key, plans] of changing.now) {
      if (plans.length > 0) this.#plans.set(key, plansText(plans));
      else this.#plans.delete(key);
    }
    return this.#stepFrom(changing, edits);
  }

  /** All that the kernel should have. */
  wanted(): Readonly<Record<IpFamily, Elements>> {
    const wanted = elementsOfBoth();
    for (const text of this.#plans.values())
      for (const plan of plansOf(text)) emitPort(plan, this.#masquerading, wanted[FAMILY[plan.port.family]]);
    for (const address of this.#near.keys()) emitHairpin(address, wanted[familyOf(address)]);
    return wanted;
  }

  /** All ports of UDP, as if they came now. */
  udp(): Step["udp"] {
    const udp: { before: undefined; now: PortPlan }[] = [];
    for (const text of this.#plans.values())
      for (const now of plansOf(text)) if (now.port.protocol === "udp") udp.push({ before: undefined, now });
    return udp;
  }

  #plansOf(key: string): readonly PortPlan[] {
    const text = this.#plans.get(key);
    return text === undefined ? [] : plansOf(text);
  }

  /** Returns the services that wait for what is free now. */
  #replan(key: string, ports: readonly WantedPort[], { before, now, near }: Changing): string[] {
    const had = now.get(key) ?? this.#plansOf(key);
    if (!before.has(key)) before.set(key, had);
    const freed = had.length > 0 ? this.#release(key, had, ports) : [];
    // An address may be given twice, say as that of a load balancer and in externalIPs.
    const seen = new Set<string>();
    const isOwn = (claim: string) => !seen.has(claim) && seen.add(claim) && this.#claims.take(claim, key);
    const plans = ports.map((port) => {
      const own = port.frontends.filter((frontend) => isOwn(claimOf(port, frontend)));
      const frontends = own.length === port.frontends.length ? port.frontends : own;
      return this.#planner.plan(
        port,
        frontends,
        had.find((plan) => plan.port.key === port.key),
      );
    });
    for (const { port } of had) for (const address of port.near) this.#count(address, -1, near);
    for (const { near: addresses } of ports) for (const address of addresses) this.#count(address, 1, near);
    now.set(key, plans);
    return freed;
  }

  #release(key: string, had: readonly PortPlan[], ports: readonly WantedPort[]): string[] {
    const claims = new Set(ports.flatMap((port) => port.frontends.map((frontend) => claimOf(port, frontend))));
    return had.flatMap(({ port }) =>
      port.frontends.flatMap((frontend) => {
        const claim = claimOf(port, frontend);
        return claims.has(claim) ? [] : [...this.#claims.release(claim, key)];
      }),
    );
  }

  /** Notes in `near` whether there was one before. */
  #count(address: string, by: 1 | -1, near: Map<string, boolean>): void {
    const before = this.#near.get(address) ?? 0;
    if (!near.has(address)) near.set(address, before > 0);
    if (before + by === 0) this.#near.delete(address);
    else this.#near.set(address, before + by);
  }

  #stepFrom({ before, now, near }: Changing, edits: Step["edits"]): Step {
    const fresh = { ip: edits.ip.added, ip6: edits.ip6.added };
    const [had, wanted] = [elementsOfBoth(), elementsOfBoth()];
    const udp: { before: PortPlan | undefined; now: PortPlan | undefined }[] = [];
    for (const [key, plans] of before) {
      const after = now.get(key) ?? [];
      noteUdp(udp, plans, after);
      // What is new goes straight to what is added: nothing of it can be there.
      const into = plans.length === 0 ? fresh : wanted;
      for (const plan of plans) emitPort(plan, this.#masquerading, had[FAMILY[plan.port.family]]);
      for (const plan of after) {
        const family = FAMILY[plan.port.family];
        emitPort(plan, this.#masquerading, into[family]);
        for (const group of [plan.all, plan.local]) if (group) edits[family].choose(group.choice);
      }
    }
    for (const family of FAMILIES)
      noteDifference(had[family], wanted[family], edits[family].removed, edits[family].added);
    for (const [address, was] of near) {
      const is = this.#near.has(address);
      if (is !== was) emitHairpin(address, edits[familyOf(address)][is ? "added" : "removed"]);
    }
    return { edits, udp };
  }
}

export function newEdits(): Record<IpFamily, Edits> {
  return { ip: new Edits("ip"), ip6: new Edits("ip6") };
}

function elementsOfBoth(): Record<IpFamily, Elements> {
  return { ip: new Elements("ip"), ip6: new Elements("ip6") };
}

function noteUdp(
  udp: { before: PortPlan | undefined; now: PortPlan | undefined }[],
  before: readonly PortPlan[],
  now: readonly PortPlan[],
): void {
  const keys = new Set([...before, ...now].flatMap(({ port }) => (port.protocol === "udp" ? [port.key] : [])));
  const find = (plans: readonly PortPlan[], key: string) => plans.find(({ port }) => port.key === key);
  for (const key of keys) udp.push({ before: find(before, key), now: find(now, key) });
}

function claimOf({ family, protocol }: WantedPort, { address, port }: Frontend): string {
  return `${address || (family === 4 ? "node port" : "node port (IPv6)")} ${protocol} ${port}`;
}

function familyOf(address: string): IpFamily {
  return address.includes(":") ? "ip6" : "ip";
}
