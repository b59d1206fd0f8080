import { familyOf, type Ip } from "../../base/ip.ts";

export const FAMILIES = [4, 6] as const;

/** The first of each family that there is one of, IPv4's first. */
export function firstOfFamilies(ips: readonly Ip[]): Ip[] {
  return FAMILIES.flatMap((family) => ips.find((ip) => familyOf(ip) === family) ?? []);
}
