/** Pods through the CRI, as a kubelet has them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../support/command.ts";
import { must, outcomeOf } from "./commands.ts";
import type { Containerd } from "./containerd.ts";
import type { Tell } from "./flow.ts";

export interface PodOptions {
  /** Forwarded to the pod's port 8080; absent: none is. */
  hostPort?: number;
  attempt?: number;
  annotations?: Readonly<Record<string, string>>;
}

/** The command line of RunPodSandbox. */
export function podCommand({ machine, crictl }: Containerd, name: string, options: PodOptions = {}): string[] {
  const { hostPort, attempt = 0, annotations = {} } = options;
  const file = join(machine.dir, `pod-${name}-${attempt}.json`);
  const ports = hostPort === undefined ? [] : [{ protocol: 0, container_port: 8080, host_port: hostPort }];
  const metadata = { name, namespace: "default", uid: `uid-${name}`, attempt };
  const pod = { metadata, annotations, port_mappings: ports, linux: { cgroup_parent: machine.group } };
  writeFileSync(file, JSON.stringify(pod));
  return crictl("runp", file);
}

/** RunPodSandbox; the sandbox's id. @throws Error with what the runtime says */
export function runPod(containerd: Containerd, name: string, options: PodOptions = {}): string {
  return must(podCommand(containerd, name, options)).trim();
}

/** The addresses of a pod as the runtime gives them. */
export function addressesOf({ crictl }: Containerd, id: string): string[] {
  const { network } = JSON.parse(must(crictl("inspectp", id))).status;
  return [network.ip, ...(network.additionalIps ?? []).map(({ ip }: Json) => ip)];
}

/** The ids of all sandboxes. */
export function sandboxes({ crictl }: Containerd): string[] {
  return must(crictl("pods", "--quiet")).split("\n").filter(Boolean);
}

/** StopPodSandbox again and again, as a kubelet does until it is content, then RemovePodSandbox. */
export function endPod({ crictl }: Containerd, id: string, name: string, tell: Tell): void {
  for (const verb of ["stopp", "stopp", "stopp", "rmp"]) tell(`${verb} ${name}`, outcomeOf(crictl(verb, id)));
}
