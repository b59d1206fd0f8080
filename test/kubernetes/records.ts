/** Records that the plugins write go through `kubectl apply` as they are. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readFile } from "../../src/service/sources/read-file.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { checked } from "./checked.ts";
import type { Cluster } from "./cluster.ts";
import { meaning } from "./printed.ts";

const BOTH = [[{ subnet: "10.77.0.0/24" }], [{ subnet: "fd77::/64" }]];
/** Two addresses of one family, which one bridge cannot be the gateway of. */
const TWICE = [[{ subnet: "10.77.1.0/24" }], [{ subnet: "10.77.2.0/24" }]];
const PORTS = [
  { name: "http", port: 8080 },
  { name: "dns", port: 53, protocol: "UDP" },
  { name: "dns-tcp", port: 53, protocol: "TCP" },
  { name: "9p", port: 9090, protocol: "SCTP" },
];

interface Attachment {
  readonly plugin: "bridge" | "ptp";
  readonly id: string;
  readonly ifname?: string;
  readonly network: string;
  readonly ranges: object;
  readonly register: object;
}

const LONG = "l".repeat(63);

const ATTACHMENTS: readonly Attachment[] = [
  { plugin: "bridge", id: "c1", network: "lab", ranges: BOTH, register: { service: "web", ports: PORTS } },
  {
    plugin: "bridge",
    id: "c2",
    network: "lab",
    ranges: BOTH,
    register: { service: "web,api,9-lives", ports: PORTS.slice(0, 1) },
  },
  {
    plugin: "bridge",
    id: "Pod_1.Main-2",
    ifname: "eth0.5",
    network: "Lab_2.net",
    ranges: TWICE,
    register: { service: LONG, ports: [{ port: 80 }] },
  },
  { plugin: "ptp", id: "c3", network: "lab3", ranges: BOTH, register: { service: "web", ports: PORTS } },
  {
    plugin: "ptp",
    id: "f".repeat(64),
    network: "lab3",
    ranges: BOTH,
    register: { service: "web", namespace: "kube-public", ports: PORTS },
  },
];

function attach(lab: Lab, { plugin, id, ifname, network, ranges, register }: Attachment, dir: string): void {
  const conf = lab.conf({
    type: plugin,
    name: network,
    bridge: `b-${network}`.slice(0, 15),
    isGateway: ranges !== TWICE,
    ipam: { type: "host-local", ranges },
    berth: { register: { dir, ...register } },
  });
  lab.add({ ns: lab.container(), id, conf, ...(ifname !== undefined && { ifname }) });
}

export function records(cluster: Cluster): string {
  cluster.clear();
  using lab = openLab();
  const dir = join(lab.dir, "endpoints");
  for (const one of ATTACHMENTS) attach(lab, one, dir);
  const files = readdirSync(dir).map((name) => join(dir, name));
  checked("records", files.length, ATTACHMENTS.length);
  const wanted = files.flatMap((path) => meaning(readFile(readFileSync(path, "utf8"), path)));
  for (const words of [
    ["--dry-run=server", "-f", dir],
    ["-f", dir],
  ])
    cluster.ask(["apply", "--validate=strict", ...words]);
  checked("as applied", meaning(readFile(cluster.print("json"), "cluster.json")), wanted.sort());
  const again = cluster.ask(["apply", "--validate=strict", "-f", dir]).trim().split("\n");
  checked(
    "applied again",
    again.filter((line) => !line.endsWith(" unchanged")),
    [],
  );
  cluster.ask(["delete", "-f", dir]);
  return `records of ${files.length} containers, ${wanted.length} slices, read back the same`;
}
