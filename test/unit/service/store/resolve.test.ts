import { describe, expect, test } from "bun:test";
import { readDocument } from "../../../../src/service/schema/read.ts";
import type { ServiceRecord, SliceRecord } from "../../../../src/service/store/records.ts";
import { resolve } from "../../../../src/service/store/resolve.ts";
import { type EndpointObject, serviceObject, sliceObject } from "../../../support/service/objects.ts";

const PLACE = { node: "n1", zone: "a" };

const at = (last: number, node: string, over: Partial<EndpointObject> = {}): EndpointObject => ({
  addresses: [`10.1.0.${last}`],
  conditions: { ready: true },
  nodeName: node,
  ...over,
});
const ENDING = { conditions: { ready: false, serving: true, terminating: true } };
const GONE = { conditions: { ready: false, serving: false, terminating: true } };
const STARTING = { conditions: { ready: false, serving: false, terminating: false } };

function resolved(spec: object, ...slices: unknown[]) {
  const items = [serviceObject("web", spec), ...slices];
  const { records, problems } = readDocument({ kind: "List", items }, "f");
  expect(problems).toEqual([]);
  const [service, ...rest] = records as [ServiceRecord, ...SliceRecord[]];
  return resolve(service, rest, PLACE);
}

/** The last numbers of the addresses that a service leads to. */
function ends(endpoints: EndpointObject[], spec: object = {}) {
  const [port] = resolved(spec, sliceObject("web", endpoints));
  const last = (targets: readonly { address: string }[] = []) =>
    targets.map(({ address }) => Number(address.split(".")[3]));
  return { all: last(port?.all), local: last(port?.local) };
}

const LOCAL = { internalTrafficPolicy: "Local" };
const zones = (...names: string[]) => ({ hints: { forZones: names.map((name) => ({ name })) } });
const nodes = (...names: string[]) => ({ hints: { forNodes: names.map((name) => ({ name })) } });

describe("which endpoints count", () => {
  test("those that are ready, wherever they are", () => {
    expect(ends([at(1, "n1"), at(2, "n2"), at(3, "n2", STARTING)])).toEqual({ all: [1, 2], local: [] });
  });

  test("those that are not ready too, where the service says so", () => {
    expect(ends([at(1, "n1"), at(2, "n2", STARTING)], { publishNotReadyAddresses: true }).all).toEqual([1, 2]);
  });

  test("those that end and still serve, where none is ready", () => {
    expect(ends([at(1, "n1", ENDING), at(2, "n2", GONE), at(3, "n2", STARTING)]).all).toEqual([1]);
    expect(ends([at(1, "n1", ENDING), at(2, "n2")]).all).toEqual([2]);
  });

  test("for policy Local those of this node, by the same rules", () => {
    expect(ends([at(1, "n1"), at(2, "n2")], LOCAL).local).toEqual([1]);
    expect(ends([at(1, "n1", ENDING), at(2, "n2")], LOCAL)).toEqual({ all: [2], local: [1] });
    expect(ends([at(2, "n2")], LOCAL)).toEqual({ all: [2], local: [] });
  });

  test("those meant for the zone, where all have such hints and one is for here", () => {
    expect(ends([at(1, "n1", zones("a")), at(2, "n2", zones("b")), at(3, "n2", zones("a", "b"))]).all).toEqual([1, 3]);
    expect(ends([at(1, "n1", zones("a")), at(2, "n2")]).all).toEqual([1, 2]);
    expect(ends([at(1, "n1", zones("b")), at(2, "n2", zones("c"))]).all).toEqual([1, 2]);
  });

  test("those meant for the node before those for the zone", () => {
    const both = (node: string, zone: string) => ({ hints: { ...nodes(node).hints, ...zones(zone).hints } });
    expect(ends([at(1, "n1", both("n1", "a")), at(2, "n2", both("n2", "a"))]).all).toEqual([1]);
    expect(ends([at(1, "n1", both("n3", "a")), at(2, "n2", both("n2", "b"))]).all).toEqual([1]);
  });

  test("one that is in two slices once", () => {
    const second = {
      ...sliceObject("web", [at(1, "n1", STARTING)]),
      metadata: { ...sliceObject("web", []).metadata, name: "x" },
    };
    const [port] = resolved({}, second, sliceObject("web", [at(1, "n1")]));
    expect(port?.all).toEqual([{ address: "10.1.0.1", port: 8080, isNear: true }]);
  });
});

describe("where a service is reached", () => {
  test("each port in each family, by the ports of that name in the slices", () => {
    const spec = {
      clusterIPs: ["10.96.0.1", "fd00::1"],
      ports: [
        { name: "http", port: 80 },
        { name: "dns", port: 53, protocol: "UDP" },
      ],
    };
    const v6 = sliceObject("web", [], { addressType: "IPv6", endpoints: [{ addresses: ["fd01::1"] }] });
    const ports = resolved(spec, sliceObject("web", ["10.1.0.1"]), {
      ...v6,
      metadata: { ...v6.metadata, name: "six" },
    });
    expect(ports.map(({ key, all }) => [key, all.map(({ address, port }) => `${address} ${port}`)])).toEqual([
      ["default/web:http/tcp/4", ["10.1.0.1 8080"]],
      ["default/web:dns/udp/4", []],
      ["default/web:http/tcp/6", ["fd01::1 8080"]],
      ["default/web:dns/udp/6", []],
    ]);
  });

  test("node ports, external addresses and load balancers, with their policies and sources", () => {
    const spec = {
      type: "LoadBalancer",
      ports: [{ name: "http", port: 80, nodePort: 30_080 }],
      externalIPs: ["192.0.2.1", "fd02::1"],
      externalTrafficPolicy: "Local",
      loadBalancerSourceRanges: ["198.51.100.0/24"],
    };
    const status = { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } };
    const { records } = readDocument(serviceObject("web", spec, status), "f");
    const [v4, v6] = resolve(records[0] as ServiceRecord, [], PLACE);
    const to = { to: "local", sources: [] };
    expect(v4?.frontends as unknown[]).toEqual([
      { kind: "cluster", address: "10.96.0.1", port: 80, to: "all", sources: [] },
      { kind: "balancer", address: "203.0.113.1", port: 80, ...to, sources: ["198.51.100.0/24"] },
      { kind: "external", address: "192.0.2.1", port: 80, ...to },
      { kind: "node", address: "", port: 30_080, ...to },
    ]);
    expect(v6?.frontends as unknown[]).toEqual([{ kind: "external", address: "fd02::1", port: 80, ...to }]);
  });

  test("nowhere, of a headless service", () => {
    expect(resolved({ clusterIP: "None", clusterIPs: ["None"] }, sliceObject("web", ["10.1.0.1"]))).toEqual([]);
  });
});
