/** What Kubernetes' controllers make of a service and its pods is carried: nobody here has written a slice by hand. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLab } from "../support/lab.ts";
import { endServers } from "../support/port-net.ts";
import { Berthd, until } from "../support/service/berthd.ts";
import { ask, type Member, names, openNet } from "../support/service/net.ts";
import { checked } from "./checked.ts";
import type { Cluster } from "./cluster.ts";

const PATIENCE_MS = 30_000;
/** Often enough that nobody of three is left out but once in some ten thousand times. */
const TIMES = 30;

const near = ["10.96.9.1", "fd96::9:1"];
const all = ["10.96.9.2", "fd96::9:2"];
const kept = ["10.96.9.3", "fd96::9:3"];

export async function controllers(cluster: Cluster): Promise<string> {
  cluster.clear();
  const lab = openLab();
  const berthd = new Berthd(lab, { zone: "z1" });
  try {
    const { members, outside } = await openNet(lab, 3);
    cluster.apply([node("n1", "z1"), node("n2", "z2")]);
    cluster.apply([
      service("near", near, { trafficDistribution: "PreferSameZone" }),
      service("all", all),
      service("kept", kept, { sessionAffinity: "ClientIP" }),
    ]);
    for (const [i, member] of members.entries()) addPod(cluster, `m${i}`, member);
    await berthd.begin();
    const led = async (ready: number, nearest: string[], others: string[]) => {
      await until(() => readyIn(cluster) === 6 * ready, PATIENCE_MS);
      await taken(cluster, berthd);
      for (const address of near) checked(address, names(await ask(outside.ns, TIMES, ["tcp", address, 80])), nearest);
      for (const address of all) checked(address, names(await ask(outside.ns, TIMES, ["tcp", address, 80])), others);
      for (const address of kept) checked(address, names(await ask(outside.ns, TIMES, ["tcp", address, 80])).length, 1);
    };
    await led(3, ["m0"], ["m0", "m1", "m2"]);
    cluster.tell("pod", "m1", statusOf(members[1] as Member, "False"));
    await led(2, ["m0"], ["m0", "m2"]);
    // It has no kubelet that would end it.
    cluster.ask(["delete", "pod", "m0", "--wait=false"]);
    await led(1, ["m2"], ["m2"]);
    cluster.tell("pod", "m2", statusOf(members[2] as Member, "False"));
    // None is ready: who ends and still serves has them.
    await led(0, ["m0"], ["m0"]);
    return "3 services of 3 pods in both families: by zone, by all, by client; a pod not ready, one ending, none ready but the one that ends";
  } finally {
    berthd.end();
    removeAll(cluster);
    endServers(lab);
    lab.close();
  }
}

function removeAll(cluster: Cluster): void {
  cluster.clear();
  cluster.kubectl(["delete", "pods", "--all", "--force", "--grace-period=0"]);
  cluster.kubectl(["delete", "nodes", "--all"]);
}

const node = (name: string, zone: string) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { "topology.kubernetes.io/zone": zone } },
});

const service = (name: string, clusterIPs: string[], more: object = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: {
    clusterIP: clusterIPs[0],
    clusterIPs,
    ipFamilyPolicy: "RequireDualStack",
    selector: { app: "web" },
    ports: [{ name: "http", port: 80, targetPort: "http" }],
    ...more,
  },
});

function addPod(cluster: Cluster, name: string, member: Member): void {
  const container = { name: "web", image: "web", ports: [{ name: "http", containerPort: 8080 }] };
  const spec = { nodeName: name === "m0" ? "n1" : "n2", containers: [container] };
  cluster.apply([{ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: "web" } }, spec }]);
  cluster.tell("pod", name, statusOf(member, "True"));
}

const statusOf = ({ v4, v6 }: Member, ready: "True" | "False") => ({
  phase: "Running",
  podIP: v4,
  podIPs: [{ ip: v4 }, { ip: v6 }],
  conditions: [{ type: "Ready", status: ready }],
});

/** How many endpoints of the slices are ready. */
function readyIn(cluster: Cluster): number {
  const path = "jsonpath={.items[*].endpoints[*].conditions.ready}";
  const told = cluster.ask([
    "get",
    "endpointslices",
    "-n",
    "default",
    "-l",
    "kubernetes.io/service-name!=kubernetes",
    "-o",
    path,
  ]);
  return told.split(" ").filter((word) => word === "true").length;
}

/** berthd has what kubectl prints, as YAML this time, without a problem, and the kernel has it, too. */
async function taken(cluster: Cluster, berthd: Berthd): Promise<void> {
  writeFileSync(join(berthd.directory, "cluster.yaml"), cluster.print("yaml"));
  await Bun.sleep(200);
  await until(async () => {
    const { revision, applied } = JSON.parse((await berthd.get("/status")).text);
    return revision === applied;
  });
  checked("problems", JSON.parse((await berthd.get("/status")).text).problems.files ?? [], []);
  checked("differences", JSON.parse((await berthd.get("/compare")).text), { differences: [] });
}
