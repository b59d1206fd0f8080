/** Kubernetes' own programs and etcd, built of released Go modules (scripts/kubernetes.sh). */
import { existsSync } from "node:fs";
import { BUILT, program as released } from "../runtimes/programs.ts";
import versions from "../runtimes/versions.json";
import type { Need } from "../support/needs.ts";

const PROGRAMS = {
  // As Go calls it: the module is go.etcd.io/etcd/server/v3.
  etcd: released("etcd", "server"),
  "kube-apiserver": released("kubernetes", "kube-apiserver"),
  "kube-controller-manager": released("kubernetes", "kube-controller-manager"),
  kubectl: released("kubernetes", "kubectl"),
} as const;

export type Program = keyof typeof PROGRAMS;

export function program(name: Program): string {
  return PROGRAMS[name];
}

/** What is tried, for headings. */
export const RELEASES = `Kubernetes ${versions.kubernetes}, etcd ${versions.etcd}`;

export const kubernetes: Need = {
  what: `${RELEASES} in ${BUILT} (npm run kubernetes)`,
  met: () => Object.values(PROGRAMS).every((path) => existsSync(path)),
};
