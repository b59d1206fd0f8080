import type { Host } from "../host/host.ts";
import { AF_INET, addressFamily } from "../rtnl/tables.ts";
import type { IpConfig } from "../spec/result.ts";

/** Makes the machine a router of the addresses' families. Throws Explained. */
export function enableForwarding(host: Host, ips: readonly IpConfig[]): void {
  for (const family of new Set(ips.map(({ address }) => addressFamily(address.ip)))) {
    if (host.forwards(family)) continue;
    const key = family === AF_INET ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
    host.enter((sysctls) => sysctls.write(key, "1"));
  }
}
