/** A container that a runtime knows, as it is known to CNI: of the CRI, the sandbox of a pod. */
export interface Container {
  /**
   * The CNI_CONTAINERID of its attachments: the sandbox's id with the CRI, the container's with podman, and
   * `NAMESPACE-ID` with nerdctl and `ctr run --cni`.
   */
  readonly id: string;
  /** As its users call it: the pod's name with the CRI. */
  readonly name: string;
  /** Whether it runs. One that does not may be started again, and may hold its addresses still. */
  readonly running: boolean;
  /** Of the CRI. */
  readonly pod?: { readonly namespace: string; readonly name: string };
  /** Names of the containers in the pod, or in podman's pod: they share the network namespace. */
  readonly members: readonly string[];
  /** Of containerd: "default", "k8s.io". */
  readonly namespace?: string;
  /** Of its first process, while it runs. */
  readonly pid?: number;
  /** Path of its network namespace, while it runs. */
  readonly netns?: string;
  /** The program that told of it. */
  readonly runtime: RuntimeName;
}

/** The programs that are asked, those that tell the most first. */
export const RUNTIMES = ["crictl", "nerdctl", "podman", "ctr"] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

/** Runs a program of a runtime: its stdout. Throws Explained. */
export type Ask = (...args: string[]) => string;

export function netnsOf(pid: number): string {
  return `/proc/${pid}/ns/net`;
}
