import { expect, test } from "bun:test";
import { Metrics } from "../../../src/service/operate/metrics.ts";
import { readDocument } from "../../../src/service/schema/read.ts";
import { wantedOf } from "../../../src/service/sinks/nft/port-text.ts";
import type { Answer, Order } from "../../../src/service/sinks/nft/protocol.ts";
import { NftSink, type Thread } from "../../../src/service/sinks/nft/sink.ts";
import { Store } from "../../../src/service/store/store.ts";
import { serviceObject } from "../../support/service/objects.ts";

/** A thread that notes its orders, and answers when it is told to. */
class FakeThread implements Thread {
  readonly orders: string[] = [];
  #take: (answer: Answer) => void = () => {};

  post(order: Order) {
    const keys =
      "services" in order ? order.services.map((line) => wantedOf(line).service.replace("default/", "")) : [];
    this.orders.push([order.kind, ...keys, ...("isLast" in order && !order.isLast ? ["…"] : [])].join(" "));
  }

  listen(take: (answer: Answer) => void) {
    this.#take = take;
  }

  close() {}

  async answer(answer: Answer) {
    this.#take(answer);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
}

const DONE: Answer = {
  kind: "done",
  report: { elements: 3, flows: 1, repaired: false },
  milliseconds: 2,
  conflicts: [],
};

function setup() {
  const thread = new FakeThread();
  const metrics = new Metrics();
  const lines: string[] = [];
  const store = new Store({ node: "n1", zone: "" }, ["one", "two"]);
  const options = { metrics, now: () => 1000, wait: () => Promise.resolve() };
  const sink = new NftSink(thread, { ...options, log: (level, message) => lines.push(`${level}: ${message}`) });
  const put = (source: string, ...names: string[]) => {
    const { records } = readDocument({ kind: "List", items: names.map((name) => serviceObject(name)) }, "f");
    store.replace(source, records);
  };
  return { thread, metrics, lines, store, sink, put };
}

test("NftSink asks for nothing before every source has listed: what is not there yet must not be removed", async () => {
  const { thread, store, sink, put } = setup();
  const started = sink.start(store);
  put("one", "a");
  expect(thread.orders).toEqual([]);
  put("two", "b");
  expect(thread.orders).toEqual(["begin a b"]);
  await thread.answer(DONE);
  await started;
  expect(sink.applied).toBe(2);
});

test("NftSink hands over together what changes while the thread is busy", async () => {
  const { thread, metrics, store, sink, put } = setup();
  put("one");
  put("two");
  void sink.start(store);
  put("one", "a");
  put("one", "b");
  expect(thread.orders).toEqual(["begin"]);
  await thread.answer(DONE);
  expect(thread.orders).toEqual(["begin", "change a b"]);
  await thread.answer(DONE);
  expect([sink.applied, store.revision]).toEqual([4, 4]);
  await thread.answer({ kind: "repaired", report: { elements: 9, flows: 2, repaired: true } });
  expect(thread.orders).toHaveLength(2);
  expect([metrics.repairs, metrics.flows]).toEqual([1, 4]);
});

test("NftSink begins again where it failed to, says so, and counts it", async () => {
  const { thread, metrics, lines, store, sink, put } = setup();
  put("one", "a");
  put("two");
  const started = sink.start(store);
  await thread.answer({ kind: "failed", message: "operation not permitted" });
  await started;
  expect([sink.applied, metrics.failures]).toEqual([0, 1]);
  expect(lines).toEqual(["error: failed to change the rules of services: operation not permitted"]);
  expect(thread.orders).toEqual(["begin a", "begin a"]);
  await thread.answer(DONE);
  expect(sink.applied).toBe(2);
});

test("NftSink hands over many services in parts", async () => {
  const { thread, store, sink, put } = setup();
  put("one", ...Array.from({ length: 3001 }, (_, i) => `s${i}`));
  put("two");
  const started = sink.start(store);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  // No more are made than the thread can have waiting.
  expect(thread.orders.map((order) => order.split(" ").at(-2))).toEqual(["s999", "s1999", "s2999"]);
  await thread.answer(DONE);
  expect(thread.orders[3]).toBe("begin s3000");
  for (let i = 0; i < 3; i++) await thread.answer(DONE);
  await started;
  expect(sink.applied).toBe(2);
});

test("metrics are Prometheus' text, under kube-proxy's names", async () => {
  const { thread, metrics, store, sink, put } = setup();
  put("one", "a");
  put("two");
  void sink.start(store);
  await thread.answer(DONE);
  const text = metrics.text(1, 2, 2);
  expect(text).toContain('kubeproxy_sync_proxy_rules_duration_seconds_bucket{le="0.001"} 0\n');
  expect(text).toContain('kubeproxy_sync_proxy_rules_duration_seconds_bucket{le="0.0025"} 1\n');
  expect(text).toContain('kubeproxy_sync_proxy_rules_duration_seconds_bucket{le="+Inf"} 1\n');
  expect(text).toContain("kubeproxy_sync_proxy_rules_last_timestamp_seconds 1\n");
  expect(text).toContain("berthd_nftables_elements_total 3\n");
  expect(text.split("\n").every((line) => /^(# (HELP|TYPE) \w+ .+|\w+(\{le="[^"]+"\})? \S+|)$/.test(line))).toBe(true);
});

test("NftSink takes what the thread says unasked for no answer to what it was asked", async () => {
  const { thread, metrics, lines, store, sink, put } = setup();
  put("one", "a");
  put("two");
  const started = sink.start(store);
  await thread.answer({ kind: "unrepaired", message: "no memory" });
  expect([sink.applied, metrics.failures]).toEqual([0, 1]);
  expect(lines).toEqual(["error: failed to change the rules of services: no memory"]);
  await thread.answer(DONE);
  await started;
  expect(sink.applied).toBe(2);
});
