/**
 * Kubernetes' own API server in a namespace of a laboratory, with etcd behind it and, where it is wanted, the controllers before it.
 * There is no kubelet, so no pod ever runs.
 */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Output, sh } from "../support/command.ts";
import type { Lab } from "../support/lab.ts";
import { until } from "../support/service/berthd.ts";
import { type Program, program } from "./programs.ts";

const ADDRESS = "192.0.2.10";
const TOKEN = "of-the-laboratory";

/** Those of rows.ts are in them; the API server's own service has the first of IPv4. */
const RANGES = "10.64.0.0/10,fd96::/108";

/** Warnings of what objects say that are none of ours. */
const KNOWN = [
  "Warning: spec.externalIPs is deprecated and may no longer be implemented in some clusters",
  'Warning: spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
  "Warning: spec.addressType: FQDN endpoints are deprecated",
];

const CONTROLLERS = "endpointslice-controller,daemonset-controller";

/** How long the API server may take to be there, in milliseconds: it is compiled by nobody meanwhile, but may share a processor. */
const PATIENCE_MS = 120_000;

export class Cluster {
  readonly #ns: string;
  readonly #place: string;
  readonly #children: Bun.Subprocess[] = [];

  private constructor(lab: Lab) {
    this.#ns = lab.container();
    this.#place = join(lab.dir, "cluster");
    mkdirSync(this.#place);
  }

  /** Starts one that is ready to be asked. `end` ends it. @throws Error with the end of the log of what did not start */
  static async start(lab: Lab): Promise<Cluster> {
    const cluster = new Cluster(lab);
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      cluster.end();
      throw error;
    }
  }

  /** Ends all of it. */
  end(): void {
    for (const child of this.#children.splice(0)) child.kill("SIGKILL");
  }

  /** `kubectl WORDS`, with `input` as its stdin. */
  kubectl(words: readonly string[], input = ""): Output {
    const command = ["ip", "netns", "exec", this.#ns, program("kubectl"), ...words];
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdin: Buffer.from(input), env: this.#env });
    return { status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  /** The stdout of `kubectl WORDS`. @throws Error with its stderr when it fails, or warns of what is not known here */
  ask(words: readonly string[], input = ""): string {
    const { status, stdout, stderr } = this.kubectl(words, input);
    if (status !== 0 || stderr.split("\n").some((line) => line !== "" && !KNOWN.includes(line)))
      throw new Error(`kubectl ${words.join(" ")}: ${stderr || stdout}`);
    return stdout;
  }

  /** `kubectl apply -f -` of objects, with each field known to the server. @throws Error as `ask` */
  apply(objects: readonly object[], ...words: string[]): string {
    const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    return this.ask(["apply", "--validate=strict", "-f", "-", ...words], text);
  }

  /** All Services and EndpointSlices, as kubectl prints them. */
  print(format: "json" | "yaml"): string {
    return this.ask(["get", "services,endpointslices", "-A", "-o", format]);
  }

  /** Removes all Services and EndpointSlices but the API server's own. */
  clear(): void {
    const other = "--field-selector=metadata.name!=kubernetes";
    for (const kind of ["services", "endpointslices"]) this.ask(["delete", kind, "-A", "--wait=false", other]);
  }

  /** Says what becomes of an object, as its controller or the kubelet does. */
  tell(kind: string, name: string, status: object): void {
    this.ask(["patch", kind, name, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);
  }

  async #start(): Promise<void> {
    for (const words of ["link set lo up", `addr add ${ADDRESS}/32 dev lo`]) sh(this.#ns, "ip", ...words.split(" "));
    this.#writeKeys();
    this.#run("etcd", this.#etcdWords());
    this.#run("kube-apiserver", this.#serverWords());
    await this.#ready();
    this.#run("kube-controller-manager", this.#controllerWords());
  }

  /** Until it answers, and has its own service. */
  async #ready(): Promise<void> {
    await until(() => {
      for (const [i, child] of this.#children.entries()) {
        if (child.exitCode !== null) throw new Error(`it ended: ${this.#logged(i)}`);
      }
      return (
        existsSync(join(this.#place, "apiserver.crt")) &&
        this.kubectl(["get", "--raw", "/readyz"]).stdout === "ok" &&
        this.kubectl(["get", "service", "kubernetes"]).status === 0
      );
    }, PATIENCE_MS);
  }

  #writeKeys(): void {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    writeFileSync(join(this.#place, "accounts.key"), privateKey);
    writeFileSync(join(this.#place, "accounts.pub"), publicKey);
    writeFileSync(join(this.#place, "tokens.csv"), `${TOKEN},admin,1,system:masters\n`);
    const config = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "lab",
      contexts: [{ name: "lab", context: { cluster: "lab", user: "lab" } }],
      clusters: [
        {
          name: "lab",
          cluster: { server: `https://${ADDRESS}:6443`, "certificate-authority": join(this.#place, "apiserver.crt") },
        },
      ],
      users: [{ name: "lab", user: { token: TOKEN } }],
    };
    writeFileSync(join(this.#place, "config"), JSON.stringify(config));
  }

  #etcdWords(): string[] {
    const [clients, peers] = ["http://127.0.0.1:2379", "http://127.0.0.1:2380"];
    return [
      `--data-dir=${join(this.#place, "etcd")}`,
      "--unsafe-no-fsync",
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      `--listen-peer-urls=${peers}`,
    ];
  }

  #serverWords(): string[] {
    const file = (name: string) => join(this.#place, name);
    return [
      "--etcd-servers=http://127.0.0.1:2379",
      `--cert-dir=${this.#place}`,
      `--advertise-address=${ADDRESS}`,
      "--secure-port=6443",
      `--token-auth-file=${file("tokens.csv")}`,
      "--authorization-mode=RBAC",
      "--disable-admission-plugins=ServiceAccount",
      `--service-cluster-ip-range=${RANGES}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${file("accounts.pub")}`,
      `--service-account-signing-key-file=${file("accounts.key")}`,
    ];
  }

  #controllerWords(): string[] {
    return [
      `--kubeconfig=${join(this.#place, "config")}`,
      `--controllers=${CONTROLLERS}`,
      "--leader-elect=false",
      "--bind-address=127.0.0.1",
      `--cert-dir=${this.#place}`,
    ];
  }

  #run(name: Program, words: readonly string[]): void {
    const log = Bun.file(join(this.#place, `${this.#children.length}.log`));
    const command = ["ip", "netns", "exec", this.#ns, program(name), ...words];
    this.#children.push(Bun.spawn(command, { env: this.#env, cwd: this.#place, stdout: log, stderr: log }));
  }

  #logged(child: number): string {
    return readFileSync(join(this.#place, `${child}.log`), "utf8")
      .split("\n")
      .slice(-12)
      .join("\n");
  }

  get #env(): Record<string, string> {
    return { PATH: process.env.PATH ?? "", HOME: this.#place, KUBECONFIG: join(this.#place, "config") };
  }
}
