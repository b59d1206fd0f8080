import { describe, expect, test } from "bun:test";
import type { Change, Intake } from "../../../src/service/seams.ts";
import { type Directory, type FileEntry, FilesSource } from "../../../src/service/sources/files.ts";
import { readFile } from "../../../src/service/sources/read-file.ts";
import { Store } from "../../../src/service/store/store.ts";
import { serviceObject, sliceObject } from "../../support/service/objects.ts";

/** A directory of which the test says what is in it. */
class FakeDirectory implements Directory {
  readonly path = "/d";
  readonly files = new Map<string, string>();
  fails = false;
  reads = 0;
  changed: (name?: string) => void = () => {};

  list() {
    if (this.fails) throw new Error("permission denied");
    return [...this.files].map(([name, text]) => ({ name, stamp: text, changed: 5, size: text.length }));
  }

  read({ name, stamp }: FileEntry) {
    this.reads++;
    return readFile(stamp, `${this.path}/${name}`);
  }

  entry(name: string) {
    return this.list().find((one) => one.name === name);
  }

  watch(changed: (name?: string) => void) {
    this.changed = changed;
    return () => {};
  }
}

const web = (address: string) => JSON.stringify(serviceObject("web", { clusterIP: address, clusterIPs: [address] }));

async function started(files: Record<string, string>) {
  const directory = new FakeDirectory();
  for (const [name, text] of Object.entries(files)) directory.files.set(name, text);
  const store = new Store({ node: "n1", zone: "" }, ["files"]);
  const source = new FilesSource(directory);
  await source.start(store);
  const put = async (name: string, text: string | undefined) => {
    if (text === undefined) directory.files.delete(name);
    else directory.files.set(name, text);
    directory.changed();
    await Bun.sleep(0);
  };
  const address = () => store.service("default/web")?.addresses[0];
  return { directory, store, source, put, address, problems: () => [...store.problems.values()].flat() };
}

describe("FilesSource", () => {
  test("reads what is called .json, .yaml and .yml, and of the rest nothing", async () => {
    const yaml =
      "# two documents\n---\nkind: Service\nmetadata: { name: y }\nspec: { clusterIP: None }\n---\n---\nkind: List\nitems: []\n";
    const { store } = await started({
      "a.json": web("10.96.0.1"),
      "b.yml": yaml,
      ".a.json.swp": "{",
      "README.md": "{",
    });
    expect([...store.keys()]).toEqual(["default/web", "default/y"]);
    expect(store.isComplete).toBe(true);
    expect(store.problems.size).toBe(0);
  });

  test("keeps what a file said last while it is broken, as a whole, and says what is wrong", async () => {
    const { put, address, problems } = await started({ "a.json": web("10.96.0.1") });
    await put("a.json", `{"kind": "List", "items": [${web("10.96.0.2")}, {"kind": "Pod"}]}`);
    expect(address()).toBe("10.96.0.1");
    expect(problems()).toEqual(['/d/a.json: items[1]: kind: "Pod": expected Service, EndpointSlice or a List of them']);
    await put("a.json", "{");
    expect(address()).toBe("10.96.0.1");
    expect(problems()[0]).toStartWith("/d/a.json:1:2: ");
    await put("a.json", web("10.96.0.3"));
    expect([address(), problems()]).toEqual(["10.96.0.3", []]);
    await put("a.json", undefined);
    expect(address()).toBeUndefined();
  });

  test("takes at once what whole JSON changes and adds, and waits with all else until it is settled", async () => {
    const { directory, address, problems, store } = await started({
      "a.json": web("10.96.0.1"),
      "b.yaml": "kind: List\nitems: []",
    });
    const touch = async (name: string, text: string | undefined) => {
      if (text === undefined) directory.files.delete(name);
      else directory.files.set(name, text);
      directory.changed(name);
      await Bun.sleep(0);
    };
    await touch("a.json", web("10.96.0.2"));
    expect(address()).toBe("10.96.0.2");
    const other = JSON.stringify(serviceObject("other"));
    await touch("a.json", `{"kind": "List", "items": [${web("10.96.0.3")}, ${other}]}`);
    expect([address(), store.service("default/other")?.kind]).toEqual(["10.96.0.3", "service"]);
    const { reads } = directory;
    await touch("a.json", directory.files.get("a.json"));
    expect(directory.reads).toBe(reads);
    // Half written; without one of its services; gone; and YAML, of which half may be whole.
    for (const [name, text] of [
      ["a.json", web("10.96.0.4").slice(0, 100)],
      ["a.json", web("10.96.0.5")],
      ["a.json", undefined],
      ["b.yaml", web("10.96.0.6")],
    ] as const) {
      await touch(name, text);
      expect([address(), problems(), store.service("default/other")?.kind]).toEqual(["10.96.0.3", [], "service"]);
    }
    directory.changed();
    await Bun.sleep(0);
    expect([address(), store.service("default/other")]).toEqual(["10.96.0.6", undefined]);
  });

  test("counts the first by name where two files have the same, and says so", async () => {
    const { put, address, problems } = await started({ "b.json": web("10.96.0.2"), "a.json": web("10.96.0.1") });
    expect(address()).toBe("10.96.0.1");
    expect(problems()).toEqual(["/d/b.json: service default/web: a.json has it too, and counts"]);
    await put("a.json", undefined);
    expect([address(), problems()]).toEqual(["10.96.0.2", []]);
  });

  test("keeps all while the directory cannot be read", async () => {
    const { directory, source, address, problems } = await started({ "a.json": web("10.96.0.1") });
    directory.fails = true;
    await source.relist();
    expect([address(), problems()]).toEqual(["10.96.0.1", ["/d: permission denied: what was read last stays"]]);
  });

  test("reads no file again that is as it was, and says when a record was changed", async () => {
    const { directory, source, store } = await started({ "a.json": web("10.96.0.1") });
    await source.relist();
    expect(directory.reads).toBe(1);
    expect(store.service("default/web")?.since).toBe(5);
  });

  test("tells a store nothing after it is closed", async () => {
    const told: (readonly Change[])[] = [];
    const intake: Intake = { replace: (_, records) => told.push(records), apply: () => {}, trouble: () => {} };
    const source = new FilesSource(new FakeDirectory());
    await source.start(intake);
    source.close();
    await source.relist();
    expect(told).toHaveLength(1);
  });
});

describe("readFile()", () => {
  test("says where YAML and JSON are wrong", () => {
    expect(readFile("a: [1\nb: 2", "f.yaml").problems[0]).toStartWith("f.yaml:2:");
    expect(readFile('{"a": 1,\n "b" 2}', "f.json").problems[0]).toStartWith("f.json:2:");
    expect(readFile("kind: Service", "f.json").problems).toEqual(["f.json: YAML, but no JSON: call it .yaml"]);
    expect(readFile("# nothing\n", "f.yaml").problems).toEqual([
      "f.yaml: empty: remove the file if its services are to go",
    ]);
  });

  test("reads what kubectl get -o yaml gives", () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n- ${JSON.stringify(serviceObject("web"))}\n- ${JSON.stringify(sliceObject("web", ["10.1.0.1"]))}\n`;
    expect(readFile(text, "f.yaml").records.map(({ key }) => key)).toEqual(["default/web", "default/web-1"]);
  });
});
