/** Services as the kernel has them, read from `nft -j list`: neither the agent's readers nor its model of the maps. */
import type { Json } from "../command.ts";
import type { Lab } from "../lab.ts";

export interface KernelServices {
  /** `ADDRESS PROTOCOL PORT -> END END…`, with `for N s` where clients stay; of a node port the address is `node`. Sorted. */
  readonly services: string[];
  /** Elements that nothing leads to. */
  readonly ghosts: string[];
}

const FAMILIES = ["ip", "ip6"] as const;

/** Of both families. Policies and sources are not looked at. */
export function kernelServices(lab: Lab): KernelServices {
  const all = FAMILIES.map((family) => servicesIn(lab, family));
  return {
    services: all.flatMap(({ services }) => services).sort(),
    ghosts: all.flatMap(({ ghosts }) => ghosts).sort(),
  };
}

function servicesIn(lab: Lab, family: (typeof FAMILIES)[number]): KernelServices {
  const { status, stdout } = lab.attempt(lab.host, "nft", "-j", "list", "table", family, "berth-services");
  if (status !== 0) return { services: [], ghosts: [] };
  const { maps, chains } = elementsOf(JSON.parse(stdout).nftables);
  const of = (name: string) => maps.get(name) ?? new Map<string, string>();
  const ends = endsByGroup(of("endpoints"), of("members"), of("live"));
  const ghosts = new Set<string>();
  for (const [name, elements] of maps) for (const key of elements.keys()) ghosts.add(`${family} ${name} ${key}`);
  const led = (name: string, ...keys: string[]) => {
    for (const key of keys) ghosts.delete(`${family} ${name} ${key}`);
  };
  const services: string[] = [];
  for (const view of ["services", "node"]) {
    for (const [key, group] of of(view)) {
      led(view, key);
      led("groups", group);
      led(`masquerade${view === "node" ? "-node" : ""}`, key);
      const places = ends.get(group) ?? new Map<string, Place>();
      for (const [place, { end, number }] of places) {
        led(number === undefined ? "endpoints" : "members", `${group} ${place}`);
        led("live", number ?? "");
        led("targets", `${group} ${end}`);
        led("hairpin", `${end.split(" ")[0]} ${end.split(" ")[0]}`);
      }
      const chain = chains.get(of("groups").get(group) ?? "") ?? "none";
      services.push(lineOf(`${view === "node" ? "node " : ""}${key}`, chain, [...places.values()]));
    }
  }
  return { services, ghosts: [...ghosts] };
}

interface Place {
  readonly end: string;
  readonly number?: string;
}

/** What a chain's name says must be so: among how many endpoints it chooses, and whether clients stay. */
function lineOf(key: string, chain: string, places: readonly Place[]): string {
  const [, count = "0", seconds] = /^services-(\d+)(?:-for-(\d+)s)?$/.exec(chain) ?? [];
  const isRight = Number(count) === places.length && places.every(({ number }) => !number === !seconds);
  const ends = places.map(({ end }) => end.replace(" ", ":")).sort();
  return `${key} -> ${ends.join(" ")}${seconds ? ` for ${seconds} s` : ""}${isRight ? "" : `, but chain ${chain}`}`;
}

/** Group -> place -> endpoint. */
function endsByGroup(...[endpoints, members, live]: Map<string, string>[]): Map<string, Map<string, Place>> {
  const groups = new Map<string, Map<string, Place>>();
  const put = (key: string, place: Place) => {
    const [group = "", at = ""] = key.split(" ");
    groups.set(group, (groups.get(group) ?? new Map<string, Place>()).set(at, place));
  };
  for (const [key, end] of endpoints ?? []) put(key, { end });
  for (const [key, number] of members ?? []) put(key, { end: live?.get(number) ?? "dead", number });
  return groups;
}

/** Map or set -> key -> data, as words; and choice -> chain. What packets put there is left out. */
function elementsOf(rows: Json[]) {
  const maps = new Map<string, Map<string, string>>();
  const chains = new Map<string, string>();
  for (const { map, set } of rows) {
    const { name, elem = [] } = map ?? set ?? {};
    if (name === undefined || name === "affinity") continue;
    const pairs: [Json, Json][] = map ? elem : elem.map((key: Json) => [key, ""]);
    if (name === "choices-services") for (const [key, data] of pairs) chains.set(text(key), data.goto.target);
    if (!name.startsWith("choices-")) maps.set(name, new Map(pairs.map(([key, data]) => [text(key), text(data)])));
  }
  return { maps, chains };
}

function text(value: Json): string {
  const parts: Json[] = typeof value === "object" ? value.concat : [value];
  return parts.map(String).join(" ");
}
