/** The EndpointSlices of a service in both families. */
import type { Member } from "./net.ts";
import { type EndpointObject, sliceObject } from "./objects.ts";

export interface SlicePortObject {
  readonly name: string;
  readonly port: number;
  readonly protocol?: string;
}

/** default/`name`-v4 and -v6, with an endpoint for each of `members`; `partsOf` says what else an endpoint has than its address. */
export function dualSlices(
  name: string,
  members: readonly Member[],
  ports: readonly SlicePortObject[] = [{ name: "http", port: 8080 }],
  partsOf: (place: number) => Omit<EndpointObject, "addresses"> = () => ({ conditions: { ready: true } }),
) {
  const of = (family: "v4" | "v6", addressType: string) => ({
    ...sliceObject(
      name,
      members.map((member, i) => ({ addresses: [member[family]], ...partsOf(i) })),
    ),
    metadata: { name: `${name}-${family}`, namespace: "default", labels: { "kubernetes.io/service-name": name } },
    addressType,
    ports,
  });
  return [of("v4", "IPv4"), of("v6", "IPv6")];
}
