/** The store under sources that lose, double and reorder what they tell, and list again. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Changes, Gone } from "../../../../src/service/seams.ts";
import type { ObjectRecord, ServiceRecord, SliceRecord } from "../../../../src/service/store/records.ts";
import { Store } from "../../../../src/service/store/store.ts";

const PLACE = { node: "n1", zone: "" };
const NAMES = ["a", "b", "c"];

const service = (name: string, address: number, affinity: number): ServiceRecord => ({
  kind: "service",
  key: `default/${name}`,
  type: "ClusterIP",
  externalName: "",
  addresses: [`10.96.0.${address}`],
  ports: [{ name: "", protocol: "tcp", port: 80, nodePort: 0 }],
  externalAddresses: [],
  balancerAddresses: [],
  sourceRanges: [],
  internalPolicy: "Cluster",
  externalPolicy: "Cluster",
  affinity,
  publishNotReady: false,
  distribution: "",
  since: 0,
});

const slice = (name: string, of: string, ends: readonly number[]): SliceRecord => ({
  kind: "slice",
  key: `default/${name}`,
  service: `default/${of}`,
  family: 4,
  ports: [{ name: "", protocol: "tcp", port: 8080 }],
  endpoints: ends.map((end) => ({
    address: `10.1.0.${end}`,
    ready: true,
    serving: true,
    terminating: false,
    node: "",
  })),
  since: 0,
});

const name = fc.constantFrom(...NAMES);
const change: fc.Arbitrary<ObjectRecord | Gone> = fc.oneof(
  fc.tuple(name, fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 60)).map((of) => service(...of)),
  fc.tuple(name, name, fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 4 })).map((of) => slice(...of)),
  fc.tuple(fc.constantFrom("service" as const, "slice" as const), name).map(([of, key]) => {
    return { kind: "gone", of, key: `default/${key}`, since: 0 } as const;
  }),
);

/** What a source that missed nothing would have. */
class Truth {
  readonly records = new Map<string, ObjectRecord>();

  take(one: ObjectRecord | Gone): void {
    if (one.kind === "gone") this.records.delete(`${one.of} ${one.key}`);
    else this.records.set(`${one.kind} ${one.key}`, one);
  }

  list(): ObjectRecord[] {
    return [...this.records.values()];
  }
}

const seen = (store: Store) =>
  Object.fromEntries(
    [...store.keys()].sort().map((key) => {
      const ports = store.portsOf(key).map((port) => ({ ...port, all: port.all.map(({ address }) => address).sort() }));
      return [key, ports];
    }),
  );

/** What becomes of an event on its way. */
const fate = fc.constantFrom("comes", "comes", "is lost", "comes twice", "comes late");

test("what a store says is what was listed last, whatever was lost, doubled or reordered before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(change, fate), { maxLength: 40 }),
      fc.array(change, { maxLength: 6 }),
      (events, other) => {
        const truth = new Truth();
        const store = new Store(PLACE, ["one", "two"]);
        const late: (ObjectRecord | Gone)[] = [];
        store.replace("one", []);
        store.apply("two", other);
        for (const [one, how] of events) {
          truth.take(one);
          if (how === "is lost") continue;
          if (how === "comes late") late.push(one);
          else store.apply("one", how === "comes twice" ? [one, one] : [one]);
        }
        store.apply("one", late.reverse());
        store.replace("one", truth.list());
        const fresh = new Store(PLACE, ["one", "two"]);
        fresh.replace("one", truth.list());
        fresh.apply("two", other);
        expect(seen(store)).toEqual(seen(fresh));
      },
    ),
    { numRuns: 400 },
  );
});

test("who follows the changes knows the same as who asks for all", () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 12 }), (batches) => {
      const store = new Store(PLACE, ["one"]);
      const followed = new Map<string, unknown>();
      store.subscribe(({ services }: Changes) => {
        for (const key of services.keys()) {
          if (store.service(key)) followed.set(key, store.portsOf(key));
          else followed.delete(key);
        }
      });
      for (const batch of batches) store.apply("one", batch);
      expect(followed).toEqual(new Map([...store.keys()].map((key) => [key, store.portsOf(key)])));
    }),
  );
});

test("a service that two sources have is the first one's, with the endpoints of both", () => {
  const store = new Store(PLACE, ["one", "two"]);
  store.replace("two", [service("a", 2, 0), slice("x", "a", [2])]);
  expect(store.portsOf("default/a")[0]?.frontends[0]?.address).toBe("10.96.0.2");
  expect(store.isComplete).toBe(false);
  store.replace("one", [service("a", 1, 0), slice("x", "a", [1])]);
  expect(store.isComplete).toBe(true);
  const [port] = store.portsOf("default/a");
  expect(port?.frontends[0]?.address).toBe("10.96.0.1");
  expect(port?.all.map(({ address }) => address).sort()).toEqual(["10.1.0.1", "10.1.0.2"]);
  store.apply("one", [{ kind: "gone", of: "service", key: "default/a", since: 5 }]);
  expect(store.portsOf("default/a")[0]?.frontends[0]?.address).toBe("10.96.0.2");
});

test("changes carry when the oldest of them happened, and what changes nothing is not told", () => {
  const store = new Store(PLACE, ["one"]);
  const told: Changes[] = [];
  store.subscribe((changes) => told.push(changes));
  store.replace("one", []);
  const [a, b] = [service("a", 1, 0), slice("x", "a", [1])];
  store.apply("one", [
    { ...a, since: 9 },
    { ...b, since: 4 },
  ]);
  store.apply("one", [{ ...a, since: 20 }]);
  store.replace("one", [a, b]);
  expect(told).toEqual([
    { revision: 1, services: new Map() },
    { revision: 2, services: new Map([["default/a", 4]]) },
  ]);
});
