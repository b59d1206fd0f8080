import { attempt } from "../../base/attempt.ts";
import type { Ip } from "../../base/ip.ts";
import type { Host } from "../../host/host.ts";
import { findRouteTo } from "../../rtnl/route.ts";

/**
 * What comes from 127.0.0.1 reaches a container, and its answer the host, only where the kernel takes 127.0.0.0/8 for routable
 * (route_localnet). Then the container could send to what listens on the host's 127.0.0.1 alone (CVE-2020-8558): chain
 * `localnet` (nft-layout.ts) drops that.
 */

/** The interface that leads to a container. */
export interface Localnet {
  readonly name: string;
  /** Whether it leads to that container alone. */
  readonly isOwn: boolean;
}

/** Undefined where no route leads to the container. */
export function localnetTo(host: Pick<Host, "ask" | "findLink">, ip: Ip): Localnet | undefined {
  const route = attempt(() => host.ask((rtnl) => findRouteTo(rtnl, ip)));
  const link = route && host.findLink(route.oif);
  return link && { name: link.name, isOwn: link.kind === "veth" };
}

/** Throws Explained if it cannot be set and is not. */
export function enableLocalnet(host: Pick<Host, "enter">, { name }: Localnet): void {
  host.enter((sysctls) => sysctls.write(keyOf(name), "1"));
}

export function isLocalnet(host: Pick<Host, "enter">, { name }: Localnet): boolean {
  return host.enter((sysctls) => sysctls.read(keyOf(name))) === "1";
}

function keyOf(link: string): string {
  return `net/ipv4/conf/${link}/route_localnet`;
}
