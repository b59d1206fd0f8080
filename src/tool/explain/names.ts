import type { Container } from "../runtimes/container.ts";

/** Whether a runtime calls a container so: by its name, that of one in its pod, the pod's, or its id's beginning. */
export function isCalled({ id, name, members, pod }: Container, word: string): boolean {
  const full = pod && `${pod.namespace}/${pod.name}`;
  return word === id || word === name || word === full || members.includes(word);
}

/** What containers are called, for a person who has mistyped one. */
export function namesOf({ name, members, pod }: Container): string[] {
  return [...new Set([pod ? `${pod.namespace}/${pod.name}` : name, ...members])].filter(Boolean);
}
