import { formatIp } from "../../../base/ip.ts";
import { Batch } from "../../../nft/batch.ts";
import { portOf } from "../../../nft/concat.ts";
import { type IpFamily, SIZES } from "../../../nft/match-concat.ts";
import { frontendText } from "../../store/frontend-text.ts";
import { endOfBytes, numberAt } from "./bytes.ts";
import { type Elements, type Item, setOf } from "./edits.ts";
import { TABLE } from "./layout.ts";
import type { SetId } from "./port-plan.ts";

/** Where the kernel is not as the agent would have it, told so that a person finds the service. Pure. */
export interface Difference {
  readonly family: IpFamily;
  /** missing: wanted and not there; extra: there and not wanted; other: there with another value; layout: the table or its rules. */
  readonly kind: "missing" | "extra" | "other" | "layout";
  /** `endpoints { 0x1 . 0x0 : 10.1.0.2 . 8080 }`: as it is wanted, or as it is where nobody wants it. */
  readonly element: string;
  /** As it is, of `other`. */
  readonly found?: string;
  /** `ADDRESS PORT`, or the address alone; absent: it is about no endpoint. */
  readonly endpoint?: string;
  /** `ADDRESS PROTOCOL PORT` of those that are led there, the address "" for a node port. */
  readonly frontends: readonly string[];
}

/** What one family has and should have, element by element. */
export function differencesOf(family: IpFamily, found: Elements, wanted: Elements): Difference[] {
  const names = new Names(family, wanted, found);
  const differences: Difference[] = [];
  for (const set of new Set([...wanted.keys(), ...found.keys()])) {
    const [there, should] = [found.get(set) ?? NONE, wanted.get(set) ?? NONE];
    for (const [key, item] of should) {
      const other = there.get(key);
      if (!other) differences.push({ kind: "missing", ...names.of(set, item) });
      else if (!isSame(item, other))
        differences.push({ kind: "other", ...names.of(set, item), found: names.textOf(set, other) });
    }
    for (const [key, item] of there) if (!should.has(key)) differences.push({ kind: "extra", ...names.of(set, item) });
  }
  return differences;
}

const NONE: ReadonlyMap<string, Item> = new Map();

function isSame({ data }: Item, { data: other }: Item): boolean {
  return data?.length === other?.length && (data ?? []).every((byte, i) => byte === other?.[i]);
}

/** The sets whose keys begin with a group, or with what clients ask for. */
const OF_GROUPS: readonly SetId[] = ["endpoints", "members", "groups", "targets"];

/** Tells what elements are about. */
class Names {
  readonly #family: IpFamily;
  /** By group. */
  readonly #frontends = new Map<number, Set<string>>();
  /** By the number of an endpoint of those that clients stay with, its group. */
  readonly #groups = new Map<number, number>();
  readonly #ends = new Map<number, string>();

  constructor(family: IpFamily, ...all: readonly Elements[]) {
    this.#family = family;
    for (const elements of all) {
      for (const set of ["services", "services-inside", "node", "node-inside"] as const)
        for (const { key, data } of elements.get(set)?.values() ?? []) if (data) this.#lead(numberAt(data), set, key);
      for (const { key, data } of elements.get("members")?.values() ?? [])
        if (data) this.#groups.set(numberAt(data), numberAt(key));
      for (const { key, data } of elements.get("live")?.values() ?? [])
        if (data) this.#ends.set(numberAt(key), endOfBytes(data, formatIp));
    }
  }

  of(set: SetId, item: Item): Omit<Difference, "kind"> {
    const endpoint = this.#endpointOf(set, item);
    const frontends = [...this.#frontendsOf(set, item)];
    return {
      family: this.#family,
      element: this.textOf(set, item),
      frontends,
      ...(endpoint !== undefined && { endpoint }),
    };
  }

  textOf(set: SetId, item: Item): string {
    const elements = { kind: "elements", set: setOf(this.#family, set), elements: [item] } as const;
    return String(new Batch(this.#family, TABLE).add(elements))
      .trim()
      .replace(/^add element \S+ \S+ /, "");
  }

  #lead(group: number, set: SetId, key: Uint8Array): void {
    const frontends = this.#frontends.get(group) ?? new Set();
    this.#frontends.set(group, frontends.add(frontendOf(this.#family, set, key)));
  }

  #frontendsOf(set: SetId, { key, data }: Item): Iterable<string> {
    if (set === "hairpin") return [];
    if (OF_GROUPS.includes(set)) return this.#frontends.get(numberAt(key)) ?? [];
    if (set === "live") return this.#frontends.get(this.#groups.get(numberAt(key)) ?? -1) ?? [];
    const led = data ? (this.#frontends.get(numberAt(data)) ?? []) : [];
    return new Set([frontendOf(this.#family, set, key), ...led]);
  }

  #endpointOf(set: SetId, { key, data }: Item): string | undefined {
    if (set === "endpoints" || set === "live") return data && endOfBytes(data, formatIp);
    if (set === "members") return data && this.#ends.get(numberAt(data));
    if (set === "targets") return endOfBytes(key.subarray(4), formatIp);
    return set === "hairpin" ? formatIp(key.subarray(0, SIZES[this.#family])) : undefined;
  }
}

const PROTOCOLS: Readonly<Record<number, string>> = { 6: "tcp", 17: "udp", 132: "sctp" };

/** What frontendKey (bytes.ts) was made of; more may follow it. */
function frontendOf(family: IpFamily, set: SetId, key: Uint8Array): string {
  const isNode = set.includes("node");
  const at = isNode ? 0 : SIZES[family];
  const address = isNode ? "" : formatIp(key.subarray(0, at));
  return frontendText(address, PROTOCOLS[key[at] ?? 0] ?? "", portOf(key.subarray(at + 4, at + 8)));
}
