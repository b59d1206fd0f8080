import { expect, test } from "bun:test";
import { Health } from "../../../../src/service/operate/health.ts";
import { Metrics } from "../../../../src/service/operate/metrics.ts";
import { readDocument } from "../../../../src/service/schema/read.ts";
import { Store } from "../../../../src/service/store/store.ts";
import { serviceObject } from "../../../support/service/objects.ts";

function setup() {
  const store = new Store({ node: "n1", zone: "" }, ["one"]);
  const sink = { applied: 0 };
  const metrics = new Metrics();
  const clock = { now: 1_000_000 };
  const health = new Health(store, sink, metrics, () => clock.now);
  let count = 0;
  const change = () => store.replace("one", readDocument(serviceObject(`s${count++}`), "f").records);
  return { store, sink, metrics, clock, health, change };
}

test("it is ready when what was listed first is in the kernel", () => {
  const { store, sink, health, change } = setup();
  expect(health.answer("/readyz")?.status).toBe(503);
  change();
  expect(health.isReady).toBe(false);
  sink.applied = store.revision;
  expect(health.answer("/readyz")?.status).toBe(200);
  expect(health.answer("/status")).toBeUndefined();
});

test("it is healthy while nothing waits for its rules for a minute, counted from what waits longest", () => {
  const { store, sink, clock, health, change } = setup();
  change();
  sink.applied = store.revision;
  clock.now += 3_600_000;
  change();
  expect(health.isHealthy).toBe(true);
  clock.now += 59_000;
  change();
  expect(health.isHealthy).toBe(true);
  clock.now += 2000;
  expect(health.answer("/healthz")?.status).toBe(503);
  sink.applied = store.revision;
  expect(health.answer("/livez")?.status).toBe(200);
});

test("what probes were answered is counted under kube-proxy's names", () => {
  const { metrics, health } = setup();
  for (const path of ["/healthz", "/healthz", "/livez", "/readyz"]) health.answer(path);
  const text = metrics.text(0, 0, 0);
  expect(text).toContain('kubeproxy_proxy_healthz_total{code="200"} 2\n');
  expect(text).toContain('kubeproxy_proxy_livez_total{code="200"} 1\n');
});
