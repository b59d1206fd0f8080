/** What kubectl makes of words is valid input of `berth svc apply -f`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLab } from "../support/lab.ts";
import { Berthd } from "../support/service/berthd.ts";
import { checked } from "./checked.ts";
import type { Cluster } from "./cluster.ts";
import { svc, svcAttempt } from "./svc.ts";

/** Commands, and what `berth svc list` has of it: type, own address, others, ports. */
const COMMANDS: readonly (readonly [words: string, row: readonly string[]])[] = [
  ["create service clusterip a --tcp=80:8080", ["ClusterIP", "None", "<none>", "80/TCP"]],
  [
    "create service clusterip b --clusterip=10.96.0.9 --tcp=80:8080 --tcp=443",
    ["ClusterIP", "10.96.0.9", "<none>", "80/TCP,443/TCP"],
  ],
  ["create service clusterip c --clusterip=None", ["ClusterIP", "None", "<none>", "<none>"]],
  ["create service nodeport d --tcp=80:8080 --node-port=30080", ["NodePort", "None", "<none>", "80:30080/TCP"]],
  ["create service loadbalancer e --tcp=80:8080", ["LoadBalancer", "None", "<none>", "80/TCP"]],
  ["create service externalname f --external-name=example.org", ["ExternalName", "<none>", "example.org", "<none>"]],
  [
    "expose pod pod --name=g --port=80 --target-port=8080 --cluster-ip=10.96.0.10",
    ["ClusterIP", "10.96.0.10", "<none>", "80/TCP"],
  ],
  [
    "expose pod pod --name=h --protocol=UDP --port=53 --session-affinity=ClientIP",
    ["ClusterIP", "None", "<none>", "53/UDP"],
  ],
  ["expose pod two --name=i --external-ip=198.51.100.9", ["ClusterIP", "None", "198.51.100.9", "80/TCP,81/TCP"]],
  [
    "expose deployment web --name=j --port=80 --type=LoadBalancer --load-balancer-ip=203.0.113.9",
    ["LoadBalancer", "None", "<none>", "80/TCP"],
  ],
];

const container = (name: string, ...ports: number[]) => ({
  name,
  image: "none",
  ports: ports.map((containerPort) => ({ containerPort })),
});
const metadata = (name: string) => ({ name, labels: { app: "web" } });
const pod = (name: string, ...ports: number[]) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: metadata(name),
  spec: { containers: [container("c", ...ports)] },
});
const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: metadata("web"),
  spec: {
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [container("c", 80)] } },
  },
};

const toldOf = (name: string) => `Service ${name} has no address of its own: say one in spec.clusterIP, or None\n`;

export async function made(cluster: Cluster): Promise<string> {
  cluster.apply([pod("pod", 80), pod("two", 80, 81), DEPLOYMENT]);
  const lab = openLab();
  const berthd = new Berthd(lab);
  try {
    await berthd.begin();
    for (const [words, row] of COMMANDS) {
      const name = / (?:--name=)?([a-z])(?: |$)/.exec(words)?.[1] ?? "";
      const hasAddress = row[1] !== "None" || words.endsWith("--clusterip=None");
      for (const format of ["yaml", "json"]) {
        const file = join(lab.dir, `made.${format}`);
        writeFileSync(file, cluster.ask([...words.split(" "), "--dry-run=client", "-o", format]));
        const { status, stderr } = svcAttempt(lab, berthd, "apply", "-f", file);
        checked(words, [status, stderr], [0, hasAddress ? "" : toldOf(name)]);
      }
      const [, cells = ""] = svc(lab, berthd, "get", name).split("\n");
      checked(words, cells.split(/ {3,}/).slice(0, 5), [name, ...row]);
    }
    return `${COMMANDS.length} commands, as YAML and as JSON; whose service has no address is told so`;
  } finally {
    berthd.end();
    lab.close();
    cluster.kubectl(["delete", "deployment,pod", "--all", "--force", "--grace-period=0"]);
  }
}
