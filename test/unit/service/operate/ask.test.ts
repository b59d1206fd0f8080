import { expect, test } from "bun:test";
import type { Asked, ControlAnswer } from "../../../../src/service/operate/answer.ts";
import { tell } from "../../../../src/service/operate/told.ts";
import { readDocument } from "../../../../src/service/schema/read.ts";
import { Store } from "../../../../src/service/store/store.ts";
import { serviceObject, sliceObject } from "../../../support/service/objects.ts";

const CHANGED = Date.parse("2026-11-29T10:00:01Z");

function storeOf(...objects: unknown[]): Store {
  const store = new Store({ node: "n1", zone: "" }, ["one"]);
  put(store, ...objects);
  return store;
}

function put(store: Store, ...objects: unknown[]): void {
  store.replace("one", readDocument({ kind: "List", items: objects }, "f").records);
}

/** The answer to a path with a query. */
function ask(store: Store, url: string): ControlAnswer {
  const [path = "", query = ""] = url.split("?");
  const words = new Map(query.split("&").map((word) => word.split("=") as [string, string]));
  const asked: Asked = { method: "GET", path, query: (name) => words.get(name), text: async () => "" };
  return tell(asked, store, () => CHANGED + 180_000) as ControlAnswer;
}

const bodyOf = ({ body }: ControlAnswer) => JSON.parse(body as string);
const web = serviceObject("web", {
  type: "LoadBalancer",
  ports: [{ name: "http", port: 80, nodePort: 30_080 }],
  externalIPs: ["192.0.2.9"],
  sessionAffinity: "ClientIP",
});
const slice = sliceObject("web", [
  { addresses: ["10.1.0.2"], nodeName: "n1", conditions: { ready: true } },
  { addresses: ["10.1.0.3"], nodeName: "n2", conditions: { ready: false }, hints: { forZones: [{ name: "z" }] } },
  { addresses: ["10.1.0.4"], conditions: { ready: false, serving: true, terminating: true } },
]);

test("services are a row each, under kubectl's heads", () => {
  const store = storeOf(web, slice, { ...serviceObject("db"), metadata: { name: "db", namespace: "shop" } });
  const { columns, rows } = bodyOf(ask(store, "/services/table"));
  expect(columns).toEqual(["namespace", "name", "type", "cluster-ip", "external-ip", "port(s)", "ready", "changed"]);
  expect(rows).toEqual([
    ["default", "web", "LoadBalancer", "10.96.0.1", "192.0.2.9", "80:30080/TCP", "1/3", "3m"],
    ["shop", "db", "ClusterIP", "10.96.0.1", "<none>", "80/TCP", "0/0", "<unknown>"],
  ]);
  const name = storeOf(serviceObject("out", { type: "ExternalName", externalName: "example.org" }));
  expect(bodyOf(ask(name, "/services/table")).rows[0].slice(1, 5)).toEqual([
    "out",
    "ExternalName",
    "<none>",
    "example.org",
  ]);
  const wide = bodyOf(ask(store, "/services/table?namespace=default&name=web&wide=true"));
  expect(wide.rows[0].slice(8)).toEqual([
    "internal=Cluster,external=Cluster",
    "ClientIP:10800s",
    "10.1.0.2,10.1.0.3,10.1.0.4",
  ]);
  expect(bodyOf(ask(store, "/services/table?namespace=shop")).rows).toHaveLength(1);
});

test("endpoints are a row for each port, with their state and whether this node leads there", () => {
  const { rows } = bodyOf(ask(storeOf(web, slice), "/endpoints/table?wide=1"));
  expect(rows.map((row: string[]) => row.slice(2, 9))).toEqual([
    ["http/tcp", "10.1.0.2:8080", "n1", "ready", "yes", "web-1", "<none>"],
    ["http/tcp", "10.1.0.3:8080", "n2", "not ready", "no", "web-1", "zone=z"],
    ["http/tcp", "10.1.0.4:8080", "<none>", "ending", "no", "web-1", "<none>"],
  ]);
});

/** The whole of a body that comes in parts. */
async function wholeOf({ type, body }: ReturnType<typeof ask>) {
  return [type, Bun.YAML.parse((await Array.fromAsync(body)).join(""))];
}

test("one by its name is the object itself; more are a list; YAML is the same", async () => {
  const store = storeOf(web, slice);
  const one = bodyOf(ask(store, "/services/objects?namespace=default&name=web"));
  expect([one.kind, one.metadata.name]).toEqual(["Service", "web"]);
  expect(bodyOf(ask(store, "/services/objects")).items).toEqual([one]);
  expect(bodyOf(ask(store, "/endpoints/objects")).items[0].kind).toBe("EndpointSlice");
  const yaml = ask(store, "/services/objects?namespace=default&name=web&format=yaml");
  expect(await wholeOf(yaml)).toEqual(["application/yaml", one]);
});

test("a list in YAML, however long, is that in JSON", async () => {
  for (const count of [0, 1, 50, 120]) {
    const store = storeOf(...Array.from({ length: count }, (_, i) => serviceObject(`web-${i}`)));
    const list = bodyOf(ask(store, "/services/objects"));
    expect(list.items).toHaveLength(count);
    expect(await wholeOf(ask(store, "/services/objects?format=yaml"))).toEqual(["application/yaml", list]);
  }
});

test("a service that is not there: where one of that name is", () => {
  const { status, body } = ask(storeOf(web), "/services/table?namespace=shop&name=web");
  expect([status, JSON.parse(body as string).error]).toEqual([
    404,
    "there is no service shop/web; there is default/web",
  ]);
});

test("a watch tells all there is, then each change, in one line however often it changed meanwhile", async () => {
  const store = storeOf(web);
  const lines = ask(store, "/services/table?watch=true").body as AsyncIterableIterator<string>;
  const next = async () => JSON.parse((await lines.next()).value as string);
  expect((await next()).rows).toHaveLength(1);
  const waiting = next();
  put(store, web, slice);
  expect((await waiting).rows[0][6]).toBe("1/3");
  put(store, { ...web, spec: { ...web.spec, clusterIP: "10.96.0.8", clusterIPs: ["10.96.0.8"] } });
  put(store, { ...web, spec: { ...web.spec, clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.9"] } });
  expect((await next()).rows[0].slice(3, 7)).toEqual(["10.96.0.9", "192.0.2.9", "80:30080/TCP", "0/0"]);
  put(store);
  expect(await next()).toEqual({ rows: [["default", "web", "<deleted>"]] });
  const last = lines.next();
  await lines.return?.();
  expect(await last).toEqual({ done: true, value: undefined });
});

test("a watch of objects tells as Kubernetes does, and of its namespace alone", async () => {
  const store = storeOf(web);
  const lines = ask(store, "/services/objects?watch=true&namespace=default").body as AsyncIterableIterator<string>;
  const next = async () => {
    const { type, object } = JSON.parse((await lines.next()).value as string);
    return [type, object.kind, object.metadata.name];
  };
  expect(await next()).toEqual(["ADDED", "Service", "web"]);
  put(store, web, { ...serviceObject("db"), metadata: { name: "db", namespace: "shop" } }, serviceObject("new"));
  expect(await next()).toEqual(["ADDED", "Service", "new"]);
  put(store, { ...web, spec: { ...web.spec, externalIPs: [] } });
  expect([await next(), await next()].sort()).toEqual([
    ["DELETED", "Service", "new"],
    ["MODIFIED", "Service", "web"],
  ]);
  await lines.return?.();
});
