/** Objects of Kubernetes that are as they should be, and that nobody is led to on their behalf: kube-proxy passes over the same. */

const OTHER_PROXY = "service.kubernetes.io/service-proxy-name";
export const SERVICE = "kubernetes.io/service-name";

/** Why an object is passed over; undefined: it is not. */
export function passedOver(kind: unknown, { metadata, addressType }: Record<string, unknown>): string | undefined {
  const { labels, uid } = asRecord(metadata);
  const { [OTHER_PROXY]: proxy, [SERVICE]: service } = asRecord(labels);
  if (typeof proxy === "string") return `its label ${OTHER_PROXY} leaves it to ${proxy || "another program"}`;
  // In a file that somebody writes both are mistakes, which are told. What a cluster has (uid), its API has let be.
  if (kind !== "EndpointSlice" || typeof uid !== "string") return undefined;
  if (addressType === "FQDN") return "its endpoints are names, which packets cannot be sent to";
  return service === undefined ? `it has no label ${SERVICE}, so it is no service's` : undefined;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
