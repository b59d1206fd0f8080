import { wishedFeatures } from "../features/all.ts";
import type { Machine } from "../features/machine.ts";
import type { Host } from "../host/host.ts";
import { AF_INET6, addressFamily } from "../rtnl/tables.ts";
import type { Offer } from "../spec/delegate.ts";
import { CniError, NOT_AVAILABLE } from "../spec/errors.ts";
import type { VethConfig } from "./plan.ts";
import { NO_IPV6 } from "./remedies.ts";

/** The same error as a failure of STATUS. */
export function unavailable({ message, details }: CniError): CniError {
  return new CniError(NOT_AVAILABLE, message, details);
}

export function lacking(message: string, details: string, cause?: unknown): CniError {
  return new CniError(NOT_AVAILABLE, message, details, cause);
}

/** What keeps the rules that the configuration asks for. */
export function assertFeatures(machine: Machine, { wishes }: VethConfig): void {
  for (const { feature, wish } of wishedFeatures(wishes)) {
    const obstacle = feature.possible(machine, wish, false);
    if (obstacle) throw lacking(obstacle.message, obstacle.details, obstacle);
  }
}

/** That the kernel has IPv6 for IPv6 addresses, and forwards where it `routes` for containers, or can be told to. */
export function assertFamilies(host: Host, routes: boolean, { sets }: Offer): void {
  const families = new Set(sets.flatMap(([range]) => (range ? [addressFamily(range.subnet.ip)] : [])));
  for (const family of families) {
    const key = family === AF_INET6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward";
    const name = `sysctl ${key.replaceAll("/", ".")}`;
    const value = host.enter((sysctls) => sysctls.read(key));
    if (value === undefined) throw lacking(`there is no ${name}`, NO_IPV6);
    if (!routes || value === "1" || host.enter((sysctls) => sysctls.isWritable(key))) continue;
    throw lacking(
      `the machine does not forward, and ${name} cannot be set to 1`,
      `set it before containers start, or give the plugin a writable /proc/sys`,
    );
  }
}
