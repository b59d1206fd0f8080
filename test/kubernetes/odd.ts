/** What a cluster may have that nobody is led to is in the way of nothing else. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLab } from "../support/lab.ts";
import { Berthd } from "../support/service/berthd.ts";
import { checked } from "./checked.ts";
import type { Cluster } from "./cluster.ts";
import { svc } from "./svc.ts";

const service = (name: string, spec: object, labels: object = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, labels },
  spec,
});
const slice = (name: string, labels: object, addressType: string, addresses: string[], more: object = {}) => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name, labels },
  addressType,
  endpoints: [{ addresses }],
  ...more,
});

const OTHERS = { "service.kubernetes.io/service-proxy-name": "other" };
const PORTS = [{ name: "http", port: 80 }];
const WEB = { "kubernetes.io/service-name": "web" };

const OBJECTS = [
  service("web", { clusterIP: "10.96.0.9", ports: PORTS }),
  service("theirs", { clusterIP: "10.96.0.10", ports: PORTS }, OTHERS),
  service("name", { type: "ExternalName", externalName: "example.org", ports: PORTS }),
  service("headless", { clusterIP: "None", selector: { app: "none" } }),
  service("balanced", { type: "LoadBalancer", clusterIP: "10.96.0.11", ports: [{ ...PORTS[0], nodePort: 30_080 }] }),
  slice("one", WEB, "IPv4", ["10.1.0.2", "10.1.0.3"], { ports: PORTS }),
  slice("no-ports", WEB, "IPv4", ["10.1.0.4"]),
  slice("all-ports", WEB, "IPv4", ["10.1.0.5"], { ports: [{ name: "http" }] }),
  slice("names", WEB, "FQDN", ["a.example.org"], { ports: PORTS }),
  slice("nobodys", {}, "IPv4", ["10.1.0.6"], { ports: PORTS }),
  slice("theirs", { "kubernetes.io/service-name": "theirs", ...OTHERS }, "IPv4", ["10.1.0.7"], { ports: PORTS }),
];

/** By name: a load balancer that packets do not come from with its address, and one that is a name. */
const STATUS = {
  loadBalancer: {
    ingress: [{ ip: "203.0.113.9", ipMode: "Proxy" }, { hostname: "lb.example.org" }, { ip: "203.0.113.8" }],
  },
};

const ROWS = [
  ["balanced", "LoadBalancer", "10.96.0.11", "203.0.113.8", "80:30080/TCP"],
  ["headless", "ClusterIP", "None", "<none>", "<none>"],
  ["kubernetes", "ClusterIP", "10.64.0.1", "<none>", "443/TCP"],
  ["name", "ExternalName", "<none>", "example.org", "<none>"],
  ["web", "ClusterIP", "10.96.0.9", "<none>", "80/TCP"],
];

export async function odd(cluster: Cluster): Promise<string> {
  cluster.clear();
  cluster.apply(OBJECTS);
  cluster.tell("service", "balanced", STATUS);
  const lab = openLab();
  const berthd = new Berthd(lab);
  try {
    writeFileSync(join(berthd.directory, "cluster.json"), cluster.print("json"));
    await berthd.begin();
    const { problems, conflicts } = JSON.parse((await berthd.get("/status")).text);
    checked("problems and conflicts", [problems.files ?? [], conflicts], [[], []]);
    const rows = svc(lab, berthd, "get", "-n", "default").trim().split("\n").slice(1);
    checked(
      "services",
      rows.map((row) => row.split(/ {3,}/).slice(0, 5)),
      ROWS,
    );
    const { ports } = JSON.parse((await berthd.get("/services/default/web")).text);
    checked("endpoints", ports[0].all, [{ address: "10.1.0.2", port: 80, isNear: true }]);
    return `${OBJECTS.length} objects: no problem in /status, ${ROWS.length} services as kubectl lists them, one endpoint`;
  } finally {
    berthd.end();
    lab.close();
  }
}
