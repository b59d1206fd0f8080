/** What is told of each kind of element that is not as it was left: of which service, which port and which endpoint. */
import { expect } from "bun:test";
import { namedDifferences } from "../../src/service/operate/compare.ts";
import type { Lab } from "../support/lab.ts";
import { inLab } from "../support/lab.ts";
import { namespaces, needs, nftables } from "../support/needs.ts";
import { Agent } from "../support/service/net.ts";
import { serviceObject, sliceObject } from "../support/service/objects.ts";

const needsAll = needs(namespaces, nftables);

const OBJECTS = [
  serviceObject("web", {
    type: "NodePort",
    clusterIPs: ["10.96.0.1", "fd96::1"],
    ports: [{ name: "http", port: 80, nodePort: 30_080 }],
    externalIPs: ["192.0.2.9"],
    loadBalancerSourceRanges: ["10.0.0.0/8"],
  }),
  sliceObject("web", ["10.1.0.2", "10.1.0.3"]),
  {
    ...sliceObject("web", ["fd01::2"]),
    metadata: { name: "web-6", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv6",
  },
  serviceObject("kept", { clusterIP: "10.96.0.2", clusterIPs: ["10.96.0.2"], sessionAffinity: "ClientIP" }),
  sliceObject("kept", ["10.1.0.4"]),
];

/** What is told after a command of nft, each in one line. */
function told(lab: Lab, agent: Agent, command: string): string[] {
  lab.sh(lab.host, "nft", command);
  const said = namedDifferences(agent.store, agent.writer.compare()).map(({ what, says }) => `${what}: ${says}`);
  agent.writer.repair();
  expect(agent.writer.compare()).toEqual([]);
  return said;
}

const MISSING = "in the store and not in the kernel";
const EXTRA = "in the kernel and not in the store";

needsAll(
  "each kind of element",
  inLab((lab) => {
    const agent = new Agent(lab);
    agent.begin(...OBJECTS);
    expect(agent.writer.compare()).toEqual([]);
    const of = (command: string) => told(lab, agent, command);
    expect(of("delete element ip berth-services services { 10.96.0.1 . tcp . 80 }")).toEqual([
      `what leads to an endpoint of service default/web, port http/tcp (IPv4): ${MISSING}`,
    ]);
    expect(of("delete element ip6 berth-services node { tcp . 30080 }")).toEqual([
      `what leads to an endpoint of service default/web, port http/tcp (IPv6): ${MISSING}`,
    ]);
    expect(of("flush map ip6 berth-services endpoints")).toEqual([
      `endpoint [fd01::2]:8080 of service default/web, port http/tcp (IPv6): ${MISSING}`,
    ]);
    expect(of("flush map ip berth-services live")).toEqual([
      `endpoint 10.1.0.4:8080 of service default/kept, port http/tcp (IPv4): ${MISSING}`,
    ]);
    expect(of("flush map ip berth-services members")).toEqual([
      `endpoint 10.1.0.4:8080 of service default/kept, port http/tcp (IPv4): ${MISSING}`,
    ]);
    expect(of("add element ip berth-services hairpin { 10.9.9.9 . 10.9.9.9 }")).toEqual([
      `endpoint 10.9.9.9 of no known service (IPv4): ${EXTRA}`,
    ]);
    expect(of("add element ip berth-services endpoints { 77 . 0 : 10.9.9.9 . 99 }")).toEqual([
      `endpoint 10.9.9.9:99 of no known service (IPv4): ${EXTRA}`,
    ]);
    expect(of("delete table ip6 berth-services")).toEqual(["table ip6 berth-services: not as berthd made it"]);
    expect(of("flush table ip berth-services")).toEqual(["table ip berth-services: not as berthd made it"]);
  }),
);

needsAll(
  "an endpoint in the place of another is told with both",
  inLab((lab) => {
    const agent = new Agent(lab);
    agent.begin(...OBJECTS.slice(0, 2));
    lab.sh(lab.host, "nft", "delete element ip berth-services endpoints { 1 . 0 }");
    lab.sh(lab.host, "nft", "add element ip berth-services endpoints { 1 . 0 : 10.9.9.9 . 99 }");
    const [one, ...more] = namedDifferences(agent.store, agent.writer.compare());
    expect(more).toEqual([]);
    expect(one).toMatchObject({ service: "default/web:http/tcp", says: "not the same in the store and in the kernel" });
    expect(one?.evidence).toMatch(
      /endpoints \{ 0x0+1 \. 0x0+ : 10\.1\.0\.\d \. 8080 \}; there is .* 10\.9\.9\.9 \. 99 \}$/,
    );
  }),
);
