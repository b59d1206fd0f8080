import type { IpFamily } from "../../../nft/match-concat.ts";
import type { Frontend, ServicePort, Target } from "../../store/resolve.ts";
import { arrange } from "./arrange.ts";
import { bytesText, frontendKey } from "./bytes.ts";
import { choiceFor, endsOf, FAMILY, type Group, groupsNeeded, type PortPlan } from "./port-plan.ts";

/** What is in the kernel already of groups, before this agent knows of whom: a dump (found.ts). */
export interface Adoptable {
  /** The group that a key of a map leads to there, if nobody has taken it yet; it is taken then. */
  take(
    family: IpFamily,
    map: "services" | "services-inside" | "node" | "node-inside",
    key: string,
  ): AdoptedGroup | undefined;
  /** The greatest numbers in use. */
  readonly lastGroup: number;
  readonly lastNumber: number;
}

export interface AdoptedGroup {
  readonly id: number;
  readonly ends: readonly string[];
  readonly numbers: ReadonlyMap<string, number>;
}

/** Gives groups and endpoints their numbers, which stay theirs, and endpoints their places. */
export class Planner {
  #adoptable: Adoptable | undefined;
  #group: number;
  #number: number;

  constructor(adoptable?: Adoptable) {
    this.#adoptable = adoptable;
    this.#group = adoptable?.lastGroup ?? 0;
    this.#number = adoptable?.lastNumber ?? 0;
  }

  /** Takes nothing of others' any more. */
  settle(): void {
    this.#adoptable = undefined;
  }

  /** The plan of a port with those of its frontends that it has; `before` is what it had. */
  plan(port: ServicePort, frontends: readonly Frontend[], before: PortPlan | undefined): PortPlan {
    const needed = groupsNeeded(frontends);
    const group = (which: "all" | "local", targets: readonly Target[], isElsewhere: boolean) =>
      needed[which]
        ? { [which]: this.#groupOf(port, targets, isElsewhere, this.#before(port, frontends, which, before)) }
        : {};
    return {
      port,
      frontends,
      ...group("all", port.all, false),
      ...group("local", port.local, port.all.length > 0),
    };
  }

  #groupOf(
    port: ServicePort,
    targets: readonly Target[],
    isElsewhere: boolean,
    before: AdoptedGroup | undefined,
  ): Group {
    const ends = arrange(before?.ends ?? [], endsOf(targets));
    const numbers = port.affinity > 0 ? ends.map((end) => before?.numbers.get(end) ?? ++this.#number) : undefined;
    const choice = choiceFor(ends.length, port.affinity, isElsewhere);
    return { id: before?.id ?? ++this.#group, choice, ends, ...(numbers && { numbers }) };
  }

  #before(
    port: ServicePort,
    frontends: readonly Frontend[],
    which: "all" | "local",
    plan: PortPlan | undefined,
  ): AdoptedGroup | undefined {
    const group = plan?.[which];
    if (group) return asAdopted(group);
    if (plan || !this.#adoptable) return undefined;
    for (const frontend of frontends) {
      const view = frontend.kind === "node" ? "node" : "services";
      const key = bytesText(frontendKey(frontend.address, port.protocol, frontend.port));
      const isInside = which === "all" && frontend.to === "local";
      if (frontend.to !== which && !isInside) continue;
      const found = this.#adoptable.take(FAMILY[port.family], isInside ? `${view}-inside` : view, key);
      if (found) return found;
    }
    return undefined;
  }
}

function asAdopted({ id, ends, numbers }: Group): AdoptedGroup {
  return { id, ends, numbers: new Map(numbers?.map((number, i) => [ends[i] as string, number])) };
}
