import type { Host } from "../../host/host.ts";
import { IFF_LOWER_UP, setAlias, setNoLinkLocal, setUpPort } from "../../rtnl/link.ts";
import { forgetNeigh } from "../../rtnl/neigh.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { deleteRoute, TABLE_LOCAL } from "../../rtnl/route.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import { isOneOfMany } from "../../veth/link-local.ts";
import { aliasOf } from "../../veth/names.ts";
import { type Veth, vanished } from "../../veth/pair.ts";
import { BRIDGE_ALIAS, MIXED_ALIAS } from "./bridge.ts";
import type { AddContext, Addressing } from "./plan.ts";

/** The host's end of a container's link, on its way up. */
export interface OpenedPort {
  /** Whether the machine knew a neighbour of one of the container's addresses. It has been forgotten. */
  readonly known: boolean;
  /**
   * Waits until it forwards, unless the container's end is to stay down, and until `gateway` runs: until then the kernel
   * drops what that answers. @throws CniError when the port does not come up
   */
  awaitUp(gateway: Link | undefined): void;
}

/**
 * Sets the host's end up as configured. The rest is the kernel's worker's: until it is asked to `awaitUp`, other things can
 * be done.
 */
export function openPort(
  { plan, host }: AddContext,
  bridge: Link,
  gateway: Link,
  { outer, ownMac }: Veth,
  addressing: Addressing | undefined,
): OpenedPort {
  const { hairpinMode, portIsolation, disableContainerInterface } = plan.config;
  const watch = isOneOfMany(outer) ? host.watchLinks() : undefined;
  const ips = addressing?.ips ?? [];
  let unknown = 0;
  const forget = ips.map(({ address }) => forgetNeigh(gateway, address.ip, () => ++unknown));
  const mixed = addressing && !ownMac && bridge.alias === BRIDGE_ALIAS;
  const failures = host.attempt([
    ...forget,
    ...(mixed ? [setAlias(bridge, MIXED_ALIAS)] : []),
    // A port's frames are the bridge's: nobody can reach an address of its own.
    setNoLinkLocal(outer.name),
    setUpPort(outer.name, { hairpin: hairpinMode, isolated: portIsolation }, aliasOf(plan.owner)),
  ]);
  const failure = failures.find((one) => one !== undefined);
  if (failure) throw host.findLink(outer.index) ? failure : vanished(outer.name, true);
  return {
    known: unknown < ips.length,
    awaitUp: (gateway) => {
      // No frame of a port comes to its own IPv6: this is for the case that somebody takes it out of the bridge.
      host.enter((sysctls) => sysctls.tryWrite(`net/ipv6/conf/${outer.name}/accept_ra`, "0"));
      if (disableContainerInterface) return;
      const stopped = gateway && !runs(gateway) ? [gateway] : [];
      const [port, ...running] = watch
        ? [watch.await(outer.index, isUp, PORT_UP_MS)]
        : host.findLinks([outer, ...stopped].map(({ index }) => index));
      watch?.close();
      const up = isUp(port) || (!watch && host.awaitLink(outer.name, isUp, PORT_UP_MS));
      if (!up) throw staysDown(host, outer.name);
      // Not there without IPv6.
      if (watch) host.attempt([deleteRoute({ ...MULTICAST, oif: outer })]);
      stopped.forEach(({ name }, i) => {
        if (!runs(running[i])) host.awaitLink(name, runs, GATEWAY_UP_MS);
      });
    },
  };
}

/**
 * The route that each link with IPv6 gets when it comes up. Nobody sends by a port, and the kernel goes through those of all
 * when one link comes or goes.
 */
const MULTICAST = { dst: { ip: Uint8Array.of(0xff, ...new Uint8Array(15)), length: 8 }, table: TABLE_LOCAL };

/** As long as the reference waits for the port, in all. */
export const PORT_UP_MS = 2550;

function isUp(link: Link | undefined): boolean {
  return link?.operstate === "up";
}

/** Longer than the kernel's worker takes, which has a bridge run some time after its first port. A bridge with STP takes more. */
const GATEWAY_UP_MS = 500;

/** A bridge without a MAC address of its own has its carrier from birth: as that never changes, the state is never known. */
function runs(link: Link | undefined): boolean {
  return isUp(link) || (link?.operstate === "unknown" && (link.flags & IFF_LOWER_UP) !== 0);
}

function staysDown(host: Host, name: string): CniError {
  const now = host.findLink(name);
  if (!now) return vanished(name, true);
  return new CniError(
    INTERNAL,
    `bridge port in error state: ${now.operstate}`,
    `the port ${name} does not come up: see ip -d link show ${name}`,
  );
}
