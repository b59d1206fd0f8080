import { expect, test } from "bun:test";
import { type Prefix, parsePrefix } from "../../../../src/base/ip.ts";
import { recordText } from "../../../../src/features/register/record.ts";
import { readDocument } from "../../../../src/service/schema/read.ts";

const prefix = (text: string) => parsePrefix(text) as Prefix;
const registered = {
  owner: { network: "net", containerId: "c1", ifname: "eth0" },
  addresses: [prefix("10.1.0.2/24"), prefix("fd00::2/64")],
  boot: "0123456789ab",
  host: "7",
  veth: { name: "veth0", index: 17 },
};
const wish = {
  dir: "/run/x",
  namespace: "prod",
  services: ["web", "api"],
  ports: [{ name: "http", port: 8080, protocol: "TCP" as const }],
};

test("a record is a List of EndpointSlices, one for each service and family, that say whose they are", () => {
  const { kind, apiVersion, items } = JSON.parse(recordText(registered, wish));
  expect([kind, apiVersion, items.length]).toEqual(["List", "v1", 4]);
  const [first] = items;
  expect(first).toEqual({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: expect.stringMatching(/^web-[0-9a-f]{16}-ipv4$/),
      namespace: "prod",
      labels: { "kubernetes.io/service-name": "web", "endpointslice.kubernetes.io/managed-by": "berth" },
      annotations: {
        "berth/network": "net",
        "berth/container": "c1",
        "berth/interface": "eth0",
        "berth/boot": "0123456789ab",
        "berth/host": "7",
        "berth/veth": "veth0",
        "berth/ifindex": "17",
      },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.1.0.2"], conditions: { ready: true } }],
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  });
  expect(new Set(items.map((item: { metadata: { name: string } }) => item.metadata.name)).size).toBe(4);
});

test("berthd reads what is written, and other containers have slices of other names", () => {
  const text = recordText(registered, wish);
  const { records, problems } = readDocument(JSON.parse(text), "record");
  expect([problems, records.map(({ kind }) => kind)]).toEqual([[], ["slice", "slice", "slice", "slice"]]);
  const other = recordText({ ...registered, owner: { ...registered.owner, containerId: "c2" } }, wish);
  const keys = (written: string) => readDocument(JSON.parse(written), "record").records.map(({ key }) => key);
  expect(keys(text).filter((key) => keys(other).includes(key))).toEqual([]);
  expect(recordText(registered, wish)).toBe(text);
});

test("it says nothing of a namespace that the kernel has no cookie of", () => {
  const [slice] = JSON.parse(recordText({ ...registered, host: undefined }, wish)).items;
  expect(Object.keys(slice.metadata.annotations)).not.toContain("berth/host");
});
