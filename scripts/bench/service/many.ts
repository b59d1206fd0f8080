/** Many services, each of one address, port 80 and two endpoints, as kubectl gives them. */
import { serviceObject, sliceObject } from "../../../test/support/service/objects.ts";

const dotted = (first: number, n: number) => `${first + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;

/** The address of service `i`; those of ../shared/cases/service_rules.py are the same. */
export const addressOf = (i: number) => `10.${dotted(96, i)}`;

/** The addresses of its endpoints, of which each service has so many. */
export const endsOf = (i: number, count = 2) =>
  Array.from({ length: count }, (_, j) => `10.${dotted(0, count * i + j)}`);

/** Service `i` and its slice. */
export function objectsOf(i: number, ends: readonly string[] = endsOf(i)): object[] {
  const address = addressOf(i);
  const service = serviceObject(`s${i}`, { clusterIP: address, clusterIPs: [address] });
  const conditions = { ready: true, serving: true, terminating: false };
  return [
    service,
    sliceObject(
      `s${i}`,
      ends.map((end) => ({ addresses: [end], conditions, nodeName: "n2" })),
    ),
  ];
}

/** Services 0 to `count` - 1, as `kubectl get services,endpointslices -A -o json` prints them. */
export function listOf(count: number, endpoints = 2): string {
  const items = Array.from({ length: count }, (_, i) => objectsOf(i, endsOf(i, endpoints))).flat();
  return JSON.stringify({ apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items }, undefined, 4);
}
