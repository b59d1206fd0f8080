/** What the API server refuses (npm run kubernetes -- refused) is refused here, and says what is wrong. */
import { expect, test } from "bun:test";
import { readDocument } from "../../../../src/service/schema/read.ts";
import { serviceObject, sliceObject } from "../../../support/service/objects.ts";

const http = { name: "http", port: 80 };
const OUTER = { type: "LoadBalancer" };

/** What of `spec` is wrong: path, value and message. */
const SERVICES: readonly (readonly [spec: object, line: string])[] = [
  [{ ports: [http, { ...http, port: 81 }] }, 'ports[1].name: "http": expected another: a port before it has this name'],
  [{ ports: [http, { port: 81 }] }, "ports[1].name: absent: expected a name, as there are several ports"],
  [{ ports: [http, { ...http, name: "b" }] }, "ports[1].port: 80: expected another: 80/tcp is there already"],
  [
    { ports: [{ ...http, name: "Http" }] },
    'ports[0].name: "Http": expected at most 63 small letters, digits and - within',
  ],
  [{ ports: [{ ...http, nodePort: 30_080 }] }, "ports[0].nodePort: 30080: expected none: type is ClusterIP"],
  [
    {
      ...OUTER,
      ports: [
        { ...http, nodePort: 30_080 },
        { name: "b", port: 81, nodePort: 30_080 },
      ],
    },
    "ports[1].nodePort: 30080: expected another: 30080/tcp is there already",
  ],
  [{ ports: [] }, "ports: []: expected a port: only a headless service may have none"],
  [{ clusterIP: "10.96.0.2" }, 'clusterIPs[0]: "10.96.0.1": expected the same as clusterIP'],
  [
    { clusterIPs: ["10.96.0.1", "10.96.0.2"] },
    'clusterIPs: ["10.96.0.1","10.96.0.2"]: expected one address of each family at most',
  ],
  [
    { clusterIPs: ["10.96.0.1", "fd96::1", "fd96::2"] },
    'clusterIPs: ["10.96.0.1","fd96::1","fd96::2"]: expected one address of each family at most',
  ],
  [
    { clusterIP: "None", clusterIPs: ["None", "fd96::1"] },
    'clusterIPs: ["None","fd96::1"]: expected None alone, or addresses',
  ],
  [
    { ...OUTER, clusterIP: "None", clusterIPs: ["None"] },
    'clusterIPs: ["None"]: expected an address, as type is LoadBalancer',
  ],
  [{ type: "ExternalName" }, "externalName: absent: expected a name, as type is ExternalName"],
  [
    { externalIPs: ["127.0.0.1"] },
    'externalIPs[0]: "127.0.0.1": expected an address that others reach: it is of the loopback',
  ],
  [{ externalIPs: ["::1"] }, 'externalIPs[0]: "::1": expected an address that others reach: it is of the loopback'],
  [{ externalIPs: ["::"] }, 'externalIPs[0]: "::": expected an address that others reach: it is unspecified'],
  [{ externalIPs: ["fe80::1"] }, 'externalIPs[0]: "fe80::1": expected an address that others reach: it is link-local'],
];

test("a service", () => {
  for (const [spec, line] of SERVICES)
    expect(readDocument(serviceObject("web", spec), "f")).toEqual({
      records: [],
      problems: [`f: Service default/web: spec.${line}`],
    });
  const named = (name: string, namespace = "default") => ({ ...serviceObject("web"), metadata: { name, namespace } });
  for (const [name, namespace] of [["a.b"], ["a".repeat(64)], ["web", "a.b"]] as const)
    expect(readDocument(named(name, namespace), "f").problems).toHaveLength(1);
});

test("a slice", () => {
  const slices: [object, string][] = [
    [
      { ports: [http, { ...http, port: 81 }] },
      'ports[1].name: "http": expected another: a port before it has this name',
    ],
    [
      { ports: [{ port: 80 }, { port: 81 }] },
      "ports[1].name: absent: expected another: a port before it has this name",
    ],
    [
      { ports: [{ ...http, name: "a.b" }] },
      'ports[0].name: "a.b": expected at most 63 small letters, digits and - within',
    ],
    ...[
      "0.0.0.0 unspecified",
      "127.1.2.3 of the loopback",
      "169.254.1.1 link-local",
      "224.0.0.1 link-local multicast",
    ].map((words): [object, string] => {
      const [address = "", ...kind] = words.split(" ");
      const said = `"${address}": expected an address that others reach: it is ${kind.join(" ")}`;
      return [{ endpoints: [{ addresses: [address] }] }, `endpoints[0].addresses[0]: ${said}`];
    }),
  ];
  for (const [over, line] of slices)
    expect(readDocument(sliceObject("web", [], over), "f").problems).toEqual([
      `f: EndpointSlice default/web-1: ${line}`,
    ]);
});

test("what is none of that is taken", () => {
  const taken = [
    { ports: [http, { name: "https", port: 443 }, { name: "dns", port: 80, protocol: "UDP" }] },
    { clusterIP: "None", clusterIPs: ["None"], ports: [] },
    { clusterIP: "None", clusterIPs: null, ports: null },
    { clusterIP: "fd96::1", clusterIPs: ["FD96::1", "10.96.0.1"] },
    { externalIPs: ["0.0.0.1", "224.0.1.1", "ff05::1", "::2", "fec0::1"] },
  ];
  for (const spec of taken) expect(readDocument(serviceObject("web", spec), "f").problems).toEqual([]);
  const ports = [{ port: 80 }, http];
  expect(readDocument(sliceObject("web", [], { ports }), "f").problems).toEqual([]);
});
