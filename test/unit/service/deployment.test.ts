/** What runs berthd: conf/berthd.daemonset.yaml and conf/berthd.service. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { wordsOf } from "../../../src/service/bun/words.ts";
import { defaultConfig, readConfig } from "../../../src/service/config.ts";
import { attempt } from "../../support/command.ts";
import { kubectl, unknownKeys } from "../../support/kubectl.ts";
import { needs } from "../../support/needs.ts";

const CONF = join(import.meta.dir, "../../../conf");

/** What of Kubernetes' shapes the DaemonSet uses; a key that is not here is refused. */
const probe = z.strictObject({
  httpGet: z.strictObject({ host: z.string(), port: z.int(), path: z.string() }),
  periodSeconds: z.int(),
  timeoutSeconds: z.int(),
  failureThreshold: z.int().optional(),
});
const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: z.tuple([
    z.strictObject({
      name: z.string(),
      valueFrom: z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.literal("spec.nodeName") }) }),
    }),
  ]),
  securityContext: z.strictObject({
    runAsUser: z.literal(0),
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.array(z.string()), add: z.array(z.string()) }),
    seccompProfile: z.strictObject({ type: z.literal("RuntimeDefault") }),
  }),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  resources: z.strictObject({ requests: z.record(z.string(), z.string()) }),
  volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() })),
});
const hostPath = z.strictObject({ path: z.string(), type: z.literal("DirectoryOrCreate") });
const pod = z.strictObject({
  hostNetwork: z.literal(true),
  dnsPolicy: z.literal("Default"),
  priorityClassName: z.string(),
  automountServiceAccountToken: z.literal(false),
  enableServiceLinks: z.literal(false),
  terminationGracePeriodSeconds: z.int(),
  nodeSelector: z.record(z.string(), z.string()),
  tolerations: z.array(z.strictObject({ operator: z.literal("Exists") })),
  containers: z.tuple([container]),
  volumes: z.array(
    z.strictObject({
      name: z.string(),
      hostPath: hostPath.optional(),
      configMap: z.strictObject({ name: z.string() }).optional(),
    }),
  ),
});
const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name: z.string(), namespace: z.string(), labels });
const daemonSet = z.strictObject({
  apiVersion: z.literal("apps/v1"),
  kind: z.literal("DaemonSet"),
  metadata,
  spec: z.strictObject({
    selector: z.strictObject({ matchLabels: labels }),
    updateStrategy: z.strictObject({
      type: z.literal("RollingUpdate"),
      rollingUpdate: z.strictObject({ maxUnavailable: z.int() }),
    }),
    template: z.strictObject({ metadata: z.strictObject({ labels }), spec: pod }),
  }),
});

const [map, set] = Bun.YAML.parse(readFileSync(join(CONF, "berthd.daemonset.yaml"), "utf8")) as [never, never];
const { data, metadata: about } = z
  .strictObject({ apiVersion: z.literal("v1"), kind: z.literal("ConfigMap"), metadata, data: labels })
  .parse(map);
const { spec, ...head } = daemonSet.parse(set);
const [berthd] = spec.template.spec.containers;

test("its labels, its volumes and its configuration go together", () => {
  const { volumes } = spec.template.spec;
  expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels);
  expect(head.metadata.namespace).toBe(about.namespace);
  expect(berthd.volumeMounts.map(({ name }) => name).sort()).toEqual(volumes.map(({ name }) => name).sort());
  expect(volumes.find(({ configMap }) => configMap)?.configMap?.name).toBe(about.name);
});

test("its words are berthd's, and its configuration is read", () => {
  const { command, config = "", node } = wordsOf(berthd.args);
  const mount = berthd.volumeMounts.find(({ mountPath }) => config.startsWith(`${mountPath}/`));
  expect([command, node, mount?.name]).toEqual(["run", `$(${berthd.env[0].name})`, "config"]);
  const { healthzBindAddress, files, socket } = readConfig(data[config.replace(/.*\//, "")] ?? "", config);
  for (const { httpGet } of [berthd.startupProbe, berthd.livenessProbe, berthd.readinessProbe])
    expect([httpGet.host, httpGet.port]).toEqual([healthzBindAddress?.hostname ?? "", healthzBindAddress?.port ?? 0]);
  // What it writes is where the node has it as well.
  const hosts = spec.template.spec.volumes.flatMap(({ name, hostPath }) => (hostPath ? [[name, hostPath.path]] : []));
  for (const [name, path] of hosts)
    expect(berthd.volumeMounts).toContainEqual({ name: name ?? "", mountPath: path ?? "" });
  const within = (path: string) => hosts.some(([, host]) => path === host || path.startsWith(`${host}/`));
  expect([files, socket].map(within)).toEqual([true, true]);
  expect([files, socket]).toEqual([defaultConfig().files, defaultConfig().socket]);
});

test("of root's powers it has one", () => {
  expect(berthd.securityContext.capabilities).toEqual({ drop: ["ALL"], add: ["NET_ADMIN"] });
});

needs(kubectl)("kubectl knows every key of the DaemonSet", () => {
  expect(unknownKeys(set)).toEqual([]);
});

const analyze = {
  what: "systemd-analyze",
  met: () => attempt(undefined, "systemd-analyze", "--version").status === 0,
};

needs(analyze)("systemd takes the unit", () => {
  const place = mkdtempSync(join(tmpdir(), "berthd-unit-"));
  try {
    const unit = join(place, "berthd.service");
    const text = readFileSync(join(CONF, "berthd.service"), "utf8");
    expect(text).toContain("ExecStart=/usr/local/bin/berthd run\n");
    writeFileSync(unit, text.replace("/usr/local/bin/berthd run", "/bin/true run"));
    const { status, stderr } = attempt(undefined, "systemd-analyze", "verify", unit);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(attempt(undefined, "systemd-analyze", "verify", unit.replace("berthd.", "none.")).status).not.toBe(0);
  } finally {
    rmSync(place, { recursive: true });
  }
});
