/** conf/berthd.daemonset.yaml is taken by the API server as it is, and its controller makes a pod of it. */
import { join } from "node:path";
import { until } from "../support/service/berthd.ts";
import { checked } from "./checked.ts";
import type { Cluster } from "./cluster.ts";

const FILE = join(import.meta.dir, "../../conf/berthd.daemonset.yaml");
const PATIENCE_MS = 30_000;
const NODES = ["n1", "n2"];

export async function daemonset(cluster: Cluster): Promise<string> {
  const node = (name: string) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/os": "linux" } },
  });
  cluster.apply(NODES.map(node));
  try {
    const made = cluster.ask(["apply", "--dry-run=server", "--validate=strict", "-f", FILE]);
    checked(
      "a dry run",
      made,
      "configmap/berthd created (server dry run)\ndaemonset.apps/berthd created (server dry run)\n",
    );
    cluster.ask(["apply", "--validate=strict", "-f", FILE]);
    const again = cluster.ask(["apply", "--validate=strict", "-f", FILE]);
    checked("applied again", again, "configmap/berthd unchanged\ndaemonset.apps/berthd unchanged\n");
    await until(() => podsIn(cluster).length === NODES.length, PATIENCE_MS);
    for (const { spec } of podsIn(cluster)) {
      checked("a pod", [spec.hostNetwork, spec.priorityClassName], [true, "system-node-critical"]);
    }
    return `a ConfigMap and a DaemonSet, of which the controller made a pod for each of ${NODES.length} nodes`;
  } finally {
    cluster.kubectl(["delete", "-f", FILE]);
    cluster.kubectl(["delete", "pods", "-n", "kube-system", "--all", "--force", "--grace-period=0"]);
    cluster.kubectl(["delete", "nodes", ...NODES]);
  }
}

function podsIn(cluster: Cluster): { spec: { hostNetwork?: boolean; priorityClassName?: string } }[] {
  return JSON.parse(cluster.ask(["get", "pods", "-n", "kube-system", "-o", "json"])).items;
}
