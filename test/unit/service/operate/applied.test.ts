import { expect, test } from "bun:test";
import {
  applyText,
  type Done,
  deleteService,
  type Refused,
  type Shelf,
} from "../../../../src/service/operate/applied.ts";
import { readFile } from "../../../../src/service/sources/read-file.ts";
import { serviceObject, sliceObject } from "../../../support/service/objects.ts";

/** A directory, and the source that reads it. */
class FakeShelf implements Shelf {
  readonly path = "/d";
  readonly files = new Map<string, string>();
  readonly order: string[] = [];

  read(name: string) {
    return this.files.get(name);
  }

  write(files: readonly (readonly [string, string])[]) {
    for (const [name, text] of files) this.files.set(name, text);
    this.order.push(...files.map(([name]) => name));
  }

  remove(names: readonly string[]) {
    for (const name of names) this.files.delete(name);
  }

  fileOf(kind: string, key: string) {
    const has = (name: string) =>
      readFile(this.files.get(name) ?? "", name).records.some((one) => one.kind === kind && one.key === key);
    return [...this.files.keys()].sort().find(has);
  }
}

function setup() {
  const shelf = new FakeShelf();
  const apply = (value: unknown, { namespace = "", isDryRun = false, from = "f.json" } = {}) =>
    applyText(shelf, shelf, typeof value === "string" ? value : JSON.stringify(value), { from, namespace }, isDryRun);
  return { shelf, apply };
}

const resultsOf = (done: Done | Refused) => (done.status === 200 ? done.results.map(({ result }) => result) : done);
const web = serviceObject("web");
const SERVICE = "applied.service.default.web.json";
const SLICE = "applied.slice.default.web-1.json";

test("each object is a file of its own, endpoints first, and is what it was", () => {
  const { shelf, apply } = setup();
  const list = { apiVersion: "v1", kind: "ServiceList", items: [{ metadata: web.metadata, spec: web.spec }] };
  const text = `${JSON.stringify(list)}\n---\n${JSON.stringify(sliceObject("web", ["10.1.0.2"]))}\n`;
  expect(resultsOf(apply(text, { from: "f.yaml" }))).toEqual(["created", "created"]);
  expect(shelf.order).toEqual([SLICE, SERVICE]);
  expect(JSON.parse(shelf.files.get(SERVICE) ?? "")).toEqual({
    apiVersion: "v1",
    kind: "Service",
    metadata: web.metadata,
    spec: web.spec,
  });
  expect(resultsOf(apply(text, { from: "f.yaml" }))).toEqual(["unchanged", "unchanged"]);
  expect(resultsOf(apply(serviceObject("web", { clusterIP: "10.96.0.2", clusterIPs: [] })))).toEqual(["configured"]);
});

test("a namespace is given to what says none, and is no other's", () => {
  const { shelf, apply } = setup();
  const bare = { ...web, metadata: { name: "web" } };
  apply(bare, { namespace: "shop" });
  expect([...shelf.files.keys()]).toEqual(["applied.service.shop.web.json"]);
  expect(apply(web, { namespace: "shop" })).toEqual({
    status: 422,
    problems: ['f.json: metadata.namespace: "default": --namespace says shop'],
  });
});

test("what is wrong is named as the source names it, and nothing is written", () => {
  const { shelf, apply } = setup();
  const bad = { kind: "List", items: [web, serviceObject("bad", { clusterIP: "10.96.0." })] };
  expect(apply(bad)).toEqual({
    status: 422,
    problems: [
      'f.json: items[1]: Service default/bad: spec.clusterIP: "10.96.0.": expected an IPv4 or IPv6 address, or None',
    ],
  });
  expect(apply('{ "kind": ').status).toBe(422);
  expect(apply({ kind: "List", items: [web, web] })).toMatchObject({
    problems: ["f.json: service default/web is there twice"],
  });
  const odd = (name: string) => apply({ ...web, metadata: { name } });
  expect(odd("../../etc/passwd")).toMatchObject({ status: 422, problems: [expect.stringContaining("metadata.name")] });
  expect(odd("a".repeat(254)).status).toBe(422);
  const long = { ...sliceObject("web", []).metadata, name: "a".repeat(240) };
  expect(apply({ ...sliceObject("web", []), metadata: long })).toMatchObject({
    problems: [expect.stringContaining("too long to be part of a file's")],
  });
  expect(apply({ ...web, metadata: { name: "web", namespace: "a.b" } }).status).toBe(422);
  expect(resultsOf(apply(web, { isDryRun: true }))).toEqual(["created"]);
  expect(shelf.files.size).toBe(0);
});

test("a service without an address is a file, and is told of", () => {
  const { apply } = setup();
  const spec = { ports: [{ port: 80 }] };
  const done = (over: object) => apply({ kind: "Service", metadata: { name: "web" }, spec: { ...spec, ...over } });
  expect(done({})).toMatchObject({
    results: [{ result: "created" }],
    left: ["Service web has no address of its own: say one in spec.clusterIP, or None"],
  });
  for (const over of [
    { clusterIP: "None" },
    { clusterIPs: ["10.96.0.1"] },
    { type: "ExternalName", externalName: "a" },
  ])
    expect(done(over)).toMatchObject({ results: [{ result: "configured" }], left: [] });
});

test("what is passed over is no file, and is named", () => {
  const { shelf, apply } = setup();
  const labels = { "service.kubernetes.io/service-proxy-name": "other" };
  const done = apply({ kind: "List", items: [web, { ...web, metadata: { name: "theirs", labels } }] });
  expect(resultsOf(done)).toEqual(["created"]);
  expect(done).toMatchObject({
    left: [expect.stringMatching(/^Service theirs is passed over: its label .* to other$/)],
  });
  expect([...shelf.files.keys()]).toEqual([SERVICE]);
});

test("a directory that cannot be written is said, and nothing is done", () => {
  const { shelf, apply } = setup();
  shelf.write = () => {
    throw new Error("EROFS: read-only file system, open '/d/.x.new'");
  };
  expect(apply(web)).toEqual({
    status: 500,
    problems: ["EROFS: read-only file system, open '/d/.x.new': berthd must be able to write its directory of files"],
  });
});

test("an object that another file has is not touched, nor is what came with it", () => {
  const { shelf, apply } = setup();
  shelf.files.set("web.json", JSON.stringify(web));
  expect(apply({ kind: "List", items: [serviceObject("db"), web] })).toEqual({
    status: 409,
    problems: [
      "service default/web is in /d/web.json: change it there, or remove it from there first; nothing was changed",
    ],
  });
  expect(deleteService(shelf, shelf, "default/web", [], false)).toEqual({
    status: 409,
    problems: ["service default/web is in /d/web.json: remove it there; nothing was changed"],
  });
  expect([...shelf.files.keys()]).toEqual(["web.json"]);
});

test("a service goes with the slices that were applied; others stay, and are named", () => {
  const { shelf, apply } = setup();
  apply({ kind: "List", items: [web, sliceObject("web", ["10.1.0.2"])] });
  shelf.files.set(
    "more.json",
    JSON.stringify({ ...sliceObject("web", []), metadata: { ...sliceObject("web", []).metadata, name: "web-2" } }),
  );
  const slices = ["default/web-1", "default/web-2"];
  expect(deleteService(shelf, shelf, "default/web", slices, true).status).toBe(200);
  expect(shelf.files.size).toBe(3);
  expect(deleteService(shelf, shelf, "default/web", slices, false)).toEqual({
    status: 200,
    results: [
      { object: "slice default/web-1", file: SLICE, result: "deleted" },
      { object: "service default/web", file: SERVICE, result: "deleted" },
    ],
    left: ["slice default/web-2 stays: it is in /d/more.json"],
  });
  expect([...shelf.files.keys()]).toEqual(["more.json"]);
  expect(deleteService(shelf, shelf, "default/db", [], false)).toEqual({
    status: 404,
    problems: ["no file has a service default/db"],
  });
});
