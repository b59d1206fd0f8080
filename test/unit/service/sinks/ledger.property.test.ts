/** What the ledger would have the kernel do, done to a model of its maps. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { numberAt } from "../../../../src/service/sinks/nft/bytes.ts";
import { choiceOf, DROP, REJECT } from "../../../../src/service/sinks/nft/choices.ts";
import { adoptableOf, emptyFound } from "../../../../src/service/sinks/nft/found.ts";
import { Ledger } from "../../../../src/service/sinks/nft/ledger.ts";
import { lineOf } from "../../../../src/service/sinks/nft/port-text.ts";
import type { Frontend, ServicePort, Target } from "../../../../src/service/store/resolve.ts";
import {
  elementsOf,
  groupOf,
  type Item,
  type Kernel,
  kernelOf,
  keyOf,
  linesOf,
  perform,
} from "../../../support/service/elements.ts";

const target = (end: number): Target => ({ address: `10.1.0.${end}`, port: 8080, isNear: end % 2 === 0 });
const ends = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 5 });

const frontend: fc.Arbitrary<Frontend> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("cluster" as const, "external" as const, "balancer" as const),
    address: fc.constantFrom("10.96.0.1", "10.96.0.2", "192.0.2.1"),
    port: fc.constantFrom(80, 81),
    to: fc.constantFrom("all" as const, "local" as const),
    sources: fc.constantFrom([], ["10.0.0.0/8", "fd00::/8"]),
  }),
  fc.record({
    kind: fc.constant("node" as const),
    address: fc.constant(""),
    port: fc.constantFrom(30_000, 30_001),
    to: fc.constantFrom("all" as const, "local" as const),
    sources: fc.constant([]),
  }),
);

const port: fc.Arbitrary<Omit<ServicePort, "key">> = fc.record({
  family: fc.constant(4 as const),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  affinity: fc.constantFrom(0, 0, 60),
  frontends: fc.array(frontend, { minLength: 1, maxLength: 3 }),
  all: ends.map((list) => list.map(target)),
  local: ends.map((list) => list.filter((end) => end % 2 === 0).map(target)),
});

const SERVICES = ["a", "b", "c"];
const step = fc.dictionary(fc.constantFrom(...SERVICES), fc.array(port, { maxLength: 2 }), { minKeys: 1 });

type World = Map<string, ServicePort[]>;

function change(world: World, services: Record<string, Omit<ServicePort, "key">[]>): void {
  for (const [name, ports] of Object.entries(services)) {
    world.set(
      name,
      ports.map((one, i) => ({ ...one, key: `${name}:${i}/${one.protocol}` })),
    );
  }
}

const linesIn = (world: World, keys: Iterable<string>) => [...keys].map((key) => lineOf(key, world.get(key) ?? []));

/** The group that a key of a map leads to, as the kernel goes: its endpoints, or what becomes of the packet. */
function led(kernel: Kernel, item: Item): string {
  const group = numberAt(item.data as Uint8Array);
  const choice = numberAt(
    kernel.get("groups")?.get(keyOf(new Uint8Array(Uint32Array.of(group).buffer)))?.data as Uint8Array,
  );
  if (choice === REJECT || choice === DROP) return choice === DROP ? "drop" : "reject";
  const places = groupOf(kernel, group);
  expect(choice).toBe(choiceOf(places.ends.length, places.seconds(choice)));
  return places.ends.sort().join();
}

function leadsOf(kernel: Kernel): Record<string, string> {
  const leads: Record<string, string> = {};
  for (const map of ["services", "services-inside", "node", "node-inside"] as const) {
    for (const [key, item] of kernel.get(map) ?? [])
      leads[`${map} ${[...key].map((c) => c.charCodeAt(0)).join()}`] = led(kernel, item);
  }
  return leads;
}

test("the commands of each step can be done, and lead to what a fresh agent would make", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      const world: World = new Map();
      const ledger = new Ledger({ always: false, foreign: true });
      const kernel: Kernel = new Map();
      for (const one of steps) {
        change(world, one);
        const { edits } = ledger.change(linesIn(world, Object.keys(one)));
        perform(edits.ip, kernel);
        expect(linesOf(kernel)).toEqual(linesOf(kernelOf(ledger.wanted().ip)));
      }
      leadsOf(kernel);
      // Who waits for an address depends on who came first, which a fresh agent cannot know.
      if (ledger.conflicts.length > 0) return;
      const fresh = new Ledger({ always: false, foreign: true });
      fresh.change(linesIn(world, world.keys()));
      expect(leadsOf(kernelOf(fresh.wanted().ip))).toEqual(leadsOf(kernel));
    }),
    { numRuns: 60 },
  );
});

test("an agent that starts again takes what is there as it is, whatever the order of services and endpoints", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
      const world: World = new Map();
      const ledger = new Ledger({ always: false, foreign: false });
      for (const one of steps) {
        change(world, one);
        ledger.change(linesIn(world, Object.keys(one)));
      }
      fc.pre(ledger.conflicts.length === 0);
      const elements = kernelOf(ledger.wanted().ip);
      const again = new Ledger(
        { always: false, foreign: false },
        adoptableOf({ ip: { ...emptyFound("ip"), elements: elementsOf(elements) }, ip6: emptyFound("ip6") }),
      );
      for (const ports of world.values()) for (const one of ports) Object.assign(one, { all: [...one.all].reverse() });
      again.change(linesIn(world, [...world.keys()].reverse()));
      expect(linesOf(kernelOf(again.wanted().ip))).toEqual(linesOf(elements));
    }),
    { numRuns: 60 },
  );
});

test("who gives up an address makes room for who waited for it", () => {
  const world: World = new Map();
  const ledger = new Ledger({ always: false, foreign: false });
  const one: Omit<ServicePort, "key"> = {
    family: 4,
    protocol: "tcp",
    affinity: 0,
    frontends: [{ kind: "external", address: "192.0.2.1", port: 80, to: "all", sources: [] }],
    all: [target(1)],
    local: [],
  };
  change(world, { a: [one], b: [{ ...one, all: [target(2)] }] });
  ledger.change(linesIn(world, ["a"]));
  ledger.change(linesIn(world, ["b"]));
  expect(ledger.conflicts).toEqual(["192.0.2.1 tcp 80 is a's; b would have it too, and waits"]);
  world.delete("a");
  ledger.change(linesIn(world, ["a"]));
  expect(ledger.conflicts).toEqual([]);
  expect(Object.values(leadsOf(kernelOf(ledger.wanted().ip)))).toEqual(["10.1.0.2 8080"]);
});
