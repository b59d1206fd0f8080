import type { LeaseView } from "./survey.ts";

/** So many characters of an id say which it is, if no other begins so. */
const SHORTEST = 4;

/**
 * The leases that a word means: by address, container id or its beginning, the name of the container or of one in its pod, or
 * pod (NAME or NAMESPACE/NAME). Who is named exactly goes before whose id begins so.
 */
export function leasesNamed(views: readonly LeaseView[], word: string): LeaseView[] {
  const exact = views.filter((view) => isNamed(view, word));
  if (exact.length > 0 || word.length < SHORTEST) return exact;
  return views.filter(({ lease }) => lease.holder?.id.startsWith(word));
}

function isNamed({ lease, container, pod }: LeaseView, word: string): boolean {
  const names = [lease.address, lease.holder?.id, container?.name, ...(container?.members ?? [])];
  return names.includes(word) || (pod !== undefined && [pod.name, `${pod.namespace}/${pod.name}`].includes(word));
}
