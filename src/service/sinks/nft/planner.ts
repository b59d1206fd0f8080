import type { IpFamily } from "../../../nft/match-concat.ts";
import type { Frontend } from "../../store/resolve.ts";
import { arrange } from "./arrange.ts";
import { bytesText, putFrontend } from "./bytes.ts";
import type { View } from "./layout.ts";
import { choiceFor, FAMILY, fitting, type Group, groupsNeeded, type PortPlan, type WantedPort } from "./port-plan.ts";

/** What is in the kernel already of groups, before this agent knows of whom: a dump (found.ts). */
export interface Adoptable {
  /** The group that a key of a map (bytesText) leads to there, if nobody has taken it yet; it is taken then. */
  take(family: IpFamily, map: View, key: string): AdoptedGroup | undefined;
  /** The greatest numbers in use. */
  readonly lastGroup: number;
  readonly lastNumber: number;
}

export interface AdoptedGroup {
  readonly id: number;
  readonly ends: readonly string[];
  /** Of an endpoint its number, where clients stay. */
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
  plan(port: WantedPort, frontends: readonly Frontend[], before: PortPlan | undefined): PortPlan {
    const needed = groupsNeeded(frontends);
    const all = needed.all ? this.#groupOf(port, frontends, "all", before) : undefined;
    const local = needed.local ? this.#groupOf(port, frontends, "local", before) : undefined;
    return { port, frontends, ...(all && { all }), ...(local && { local }) };
  }

  #groupOf(
    port: WantedPort,
    frontends: readonly Frontend[],
    which: "all" | "local",
    plan: PortPlan | undefined,
  ): Group {
    const before = this.#before(port, frontends, which, plan);
    const wanted = fitting(port[which]);
    const ends = before ? arrange(before.ends, wanted) : wanted;
    const numbers = port.affinity > 0 ? ends.map((end) => before?.numbers.get(end) ?? ++this.#number) : undefined;
    const choice = choiceFor(ends.length, port.affinity, which === "local" && port.all.length > 0);
    return { id: before?.id ?? ++this.#group, choice, ends, ...(numbers && { numbers }) };
  }

  #before(
    port: WantedPort,
    frontends: readonly Frontend[],
    which: "all" | "local",
    plan: PortPlan | undefined,
  ): AdoptedGroup | undefined {
    const group = plan?.[which];
    if (group) return asAdopted(group);
    if (plan || !this.#adoptable) return undefined;
    for (const frontend of frontends) {
      const view = frontend.kind === "node" ? "node" : "services";
      const isInside = which === "all" && frontend.to === "local";
      if (frontend.to !== which && !isInside) continue;
      const map = isInside ? (`${view}-inside` as const) : view;
      const found = this.#adoptable.take(FAMILY[port.family], map, frontendText(frontend, port));
      if (found) return found;
    }
    return undefined;
  }
}

const scratch = new Uint8Array(24);

function frontendText(frontend: Frontend, { protocol }: WantedPort): string {
  return bytesText(scratch, 0, putFrontend(scratch.fill(0), 0, frontend, protocol));
}

function asAdopted({ id, ends, numbers }: Group): AdoptedGroup {
  return { id, ends, numbers: new Map(numbers?.map((number, i) => [ends[i] as string, number])) };
}
