import { formatIp } from "../../../base/ip.ts";
import { Batch } from "../../../nft/batch.ts";
import { portOf } from "../../../nft/concat.ts";
import { type IpFamily, SIZES } from "../../../nft/match-concat.ts";
import type { Element } from "../../../nft/objects.ts";
import { frontendText } from "../../store/frontend-text.ts";
import { bytesText, endAt, numberAt } from "./bytes.ts";
import { Elements, noteDifference, type SetId, setOf } from "./elements.ts";
import { TABLE } from "./layout.ts";

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
  const [removed, added] = [new Elements(family), new Elements(family)];
  noteDifference(found, wanted, removed, added);
  if (removed.count + added.count === 0) return [];
  const names = new Names(family, wanted, found);
  const differences: Difference[] = [];
  for (const set of new Set([...added.ids(), ...removed.ids()])) {
    const gone = new Map(itemsOf(removed, set).map((item) => [keyOf(item), item]));
    for (const item of itemsOf(added, set)) {
      const other = gone.get(keyOf(item));
      gone.delete(keyOf(item));
      const of = names.of(set, item);
      differences.push(other ? { kind: "other", ...of, found: names.textOf(set, other) } : { kind: "missing", ...of });
    }
    for (const item of gone.values()) differences.push({ kind: "extra", ...names.of(set, item) });
  }
  return differences;
}

type Item = Pick<Element, "key" | "data">;

function itemsOf(elements: Elements, set: SetId): Item[] {
  const packed = elements.get(set);
  return Array.from({ length: packed?.count ?? 0 }, (_, i) => packed?.element(i * packed.size) as Item);
}

function keyOf({ key }: Item): string {
  return bytesText(key, 0, key.length);
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
        for (const { key, data } of itemsOf(elements, set)) if (data) this.#lead(numberAt(data), set, key);
      for (const { key, data } of itemsOf(elements, "members"))
        if (data) this.#groups.set(numberAt(data), numberAt(key));
      for (const { key, data } of itemsOf(elements, "live"))
        if (data) this.#ends.set(numberAt(key), this.#end(data, 0));
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

  #end(bytes: Uint8Array, at: number): string {
    return endAt(bytes, at, SIZES[this.#family], formatIp);
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
    if (set === "endpoints" || set === "live") return data && this.#end(data, 0);
    if (set === "members") return data && this.#ends.get(numberAt(data));
    if (set === "targets") return this.#end(key, 4);
    return set === "hairpin" ? formatIp(key.subarray(0, SIZES[this.#family])) : undefined;
  }
}

const PROTOCOLS: Readonly<Record<number, string>> = { 6: "tcp", 17: "udp", 132: "sctp" };

/** What putFrontend (bytes.ts) was given; more may follow it. */
function frontendOf(family: IpFamily, set: SetId, key: Uint8Array): string {
  const isNode = set.includes("node");
  const at = isNode ? 0 : SIZES[family];
  const address = isNode ? "" : formatIp(key.subarray(0, at));
  return frontendText(address, PROTOCOLS[key[at] ?? 0] ?? "", portOf(key.subarray(at + 4, at + 8)));
}
