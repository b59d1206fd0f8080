import { describe, expect, test } from "bun:test";
import { type Prefix, parsePrefix } from "../../../src/base/ip.ts";
import { type Registered, recordText } from "../../../src/features/register/record.ts";
import {
  CniSource,
  type Readiness,
  type RecordDirectory,
  type Surroundings,
} from "../../../src/service/sources/cni.ts";
import { Store } from "../../../src/service/store/store.ts";
import { serviceObject } from "../../support/service/objects.ts";

const BOOT = "0123456789ab";
const HOST = "7";

/** A directory, a kernel and a boot of which the test says what there is. */
class Fake implements RecordDirectory {
  readonly path = "/d";
  readonly files = new Map<string, string>();
  readonly links = new Set<number>();
  fails = false;
  told: (name?: string) => void = () => {};
  lost: () => void = () => {};

  readonly around: Surroundings = {
    boot: BOOT,
    host: HOST,
    hasLink: (index) => this.links.has(index),
    watchLinks: (changed) => {
      this.lost = changed;
      return () => {};
    },
  };

  list() {
    if (this.fails) throw new Error("permission denied");
    return [...this.files.keys()].map((name) => this.at(name));
  }

  entry(name: string) {
    return this.files.has(name) ? this.at(name) : undefined;
  }

  at(name: string) {
    return { name, stamp: this.files.get(name) ?? "", changed: 5, size: 1 };
  }

  read(name: string) {
    return this.files.get(name) ?? "";
  }

  watch(changed: (name?: string) => void) {
    this.told = changed;
    return () => {};
  }

  put(name: string, text: string | undefined): void {
    if (text === undefined) this.files.delete(name);
    else this.files.set(name, text);
    this.told(name);
  }
}

const ALWAYS: Readiness = { isReady: () => true, follow: () => [], watch: () => () => {} };

const WISH = {
  dir: "/d",
  namespace: "default",
  services: ["web"],
  ports: [{ name: "http", port: 8080, protocol: "TCP" as const }],
};

/** The record of the container `number`, whose veth has that index. */
function record(number: number, over: Partial<Registered> = {}, wish = WISH): string {
  return recordText(
    {
      owner: { network: "net", containerId: `c${number}`, ifname: "eth0" },
      addresses: [parsePrefix(`10.1.0.${number}/24`) as Prefix],
      boot: BOOT,
      host: HOST,
      veth: { name: `veth${number}`, index: number },
      ...over,
    },
    wish,
  );
}

async function started(files: Record<string, string>, links: readonly number[], over: Partial<Surroundings> = {}) {
  const fake = new Fake();
  for (const [name, text] of Object.entries(files)) fake.files.set(name, text);
  for (const link of links) fake.links.add(link);
  const store = new Store({ node: "n1", zone: "" }, ["cni"]);
  const source = new CniSource(fake, { ...fake.around, ...over }, ALWAYS, "n1");
  await source.start(store);
  const addresses = () => store.slicesOf("default/web").flatMap(({ endpoints }) => endpoints.map((one) => one.address));
  return { fake, store, source, addresses, problems: () => [...store.problems.values()].flat() };
}

describe("CniSource", () => {
  test("has the endpoints of records, on this node, and tells of each change at once", async () => {
    const { fake, store, addresses } = await started({ "a.json": record(2), "b.txt": "{", ".c.json": "{" }, [2, 3]);
    expect(store.isComplete).toBe(true);
    expect(store.slicesOf("default/web")[0]).toMatchObject({ since: 5, endpoints: [{ node: "n1", ready: true }] });
    fake.put("b.json", record(3));
    expect(addresses()).toEqual(["10.1.0.2", "10.1.0.3"]);
    fake.put("a.json", undefined);
    expect(addresses()).toEqual(["10.1.0.3"]);
    const { revision } = store;
    fake.put("b.json", record(3));
    expect(store.revision).toBe(revision);
    // The same container as something else.
    fake.put("b.json", record(3, {}, { ...WISH, services: ["api"] }));
    expect([addresses(), store.slicesOf("default/api").length]).toEqual([[], 1]);
  });

  test.each<[string, Partial<Registered>]>([
    ["an earlier boot", { boot: "ba9876543210" }],
    ["another network namespace", { host: "8" }],
    ["a link that is gone", { veth: { name: "veth9", index: 9 } }],
  ])("has no endpoint of %s", async (_, over) => {
    const { fake, addresses, problems } = await started({ "a.json": record(2, over), "b.json": record(3) }, [2, 3]);
    expect([addresses(), problems()]).toEqual([["10.1.0.3"], []]);
    fake.put("c.json", record(2, over));
    expect(addresses()).toEqual(["10.1.0.3"]);
  });

  test("takes an endpoint out when its link goes, without a word of its DEL", async () => {
    const { fake, addresses } = await started({ "a.json": record(2), "b.json": record(3) }, [2, 3]);
    fake.links.delete(2);
    fake.lost();
    expect(addresses()).toEqual(["10.1.0.3"]);
  });

  test("believes records where the kernel has no cookies, but for those of an earlier boot", async () => {
    const files = {
      "a.json": record(2, { host: undefined }),
      "b.json": record(3, { host: undefined, boot: "ba9876543210" }),
    };
    const { addresses } = await started(files, [], { host: undefined });
    expect(addresses()).toEqual(["10.1.0.2"]);
  });

  test("keeps what a broken file said last, reports it, and is told when it is whole again", async () => {
    const { fake, addresses, problems } = await started({ "a.json": record(2) }, [2, 3]);
    fake.put("a.json", record(3).slice(0, 200));
    expect([addresses(), problems()]).toEqual([["10.1.0.2"], [expect.stringMatching(/^\/d\/a\.json: /)]]);
    fake.put("a.json", record(3));
    expect([addresses(), problems()]).toEqual([["10.1.0.3"], []]);
    fake.put("b.json", JSON.stringify(serviceObject("web")));
    expect(problems()[0]).toStartWith("/d/b.json: {");
    expect(problems()[0]).toContain("no endpoint record of a plugin");
    fake.put("b.json", record(2).replace('"IPv4"', '"IPv5"'));
    expect(problems()[0]).toContain("addressType");
    fake.put("b.json", undefined);
    expect(problems()).toEqual([]);
  });

  test("lists again at a gap, and keeps all while it cannot", async () => {
    const { fake, source, addresses, problems } = await started({ "a.json": record(2), "b.json": record(3) }, [2, 3]);
    // Nobody tells of these.
    fake.files.delete("a.json");
    fake.files.set("c.json", record(4));
    fake.links.add(4);
    fake.fails = true;
    await source.relist();
    expect([addresses(), problems()]).toEqual([
      ["10.1.0.2", "10.1.0.3"],
      ["/d: permission denied: what was read last stays"],
    ]);
    fake.fails = false;
    fake.told();
    expect([addresses(), problems()]).toEqual([["10.1.0.3", "10.1.0.4"], []]);
  });

  test("tells nobody after its end", async () => {
    const { fake, source, addresses } = await started({ "a.json": record(2) }, [2]);
    source.close();
    fake.put("a.json", undefined);
    fake.lost();
    expect(addresses()).toEqual(["10.1.0.2"]);
  });
});
