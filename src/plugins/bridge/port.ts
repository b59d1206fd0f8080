import { ENOENT, isErrno } from "../../base/errno.ts";
import type { Host } from "../../host/host.ts";
import type { LinkWatch } from "../../host/link-watch.ts";
import { forgetNeigh, type Link, setAlias, setNoLinkLocal, setUpPort } from "../../host/verbs.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Attachment, Veth } from "./attach.ts";
import { BRIDGE_ALIAS, MIXED_ALIAS } from "./bridge.ts";
import { aliasOf } from "./names.ts";
import type { Addressing } from "./plan.ts";

/** The host's end of a container's link, on its way up. */
export interface Port {
  /** Whether the machine knew a neighbour of one of the container's addresses. It has been forgotten. */
  readonly known: boolean;
  /** Waits until it forwards, unless the container's end is to stay down. @throws CniError when it does not */
  settle(): Link | undefined;
}

/**
 * Sets the host's end up as configured. The rest is the kernel's worker's: until it is asked to `settle`, other things can
 * be done.
 */
export function openPort(
  { plan, host }: Attachment,
  bridge: Link,
  gateway: Link,
  veth: Veth,
  addressing: Addressing | undefined,
): Port {
  const { hairpinMode, portIsolation, disableContainerInterface } = plan.config;
  const watch = disableContainerInterface ? undefined : host.watchLinks();
  const forget = (addressing?.ips ?? []).map(({ address }) => forgetNeigh(gateway.index, address.ip));
  const mixed = addressing && !veth.ownMac && bridge.alias === BRIDGE_ALIAS;
  const failures = host.attempt([
    ...forget,
    ...(mixed ? [setAlias(bridge.index, MIXED_ALIAS)] : []),
    // A port's frames are the bridge's: nobody can reach an address of its own.
    setNoLinkLocal(veth.host),
    setUpPort(veth.host, { hairpin: hairpinMode, isolated: portIsolation }, aliasOf(plan.owner)),
  ]);
  const isUnknown = (i: number) => i < forget.length && isErrno(failures[i], ENOENT);
  const failure = failures.find((error, i) => error && !isUnknown(i));
  if (failure) throw failure;
  return {
    known: forget.some((_, i) => !isUnknown(i)),
    settle: () => {
      const index = host.enter((sysctls, indexOf) => {
        // No frame of a port comes to its own IPv6: this is for the case that somebody takes it out of the bridge.
        sysctls.tryWrite(`net/ipv6/conf/${veth.host}/accept_ra`, "0");
        return indexOf(veth.host);
      });
      return watch ? awaitPort(host, watch, veth.host, index) : host.findLink(veth.host);
    },
  };
}

/** As long as the reference waits for the port, in all. */
const PORT_UP_MS = 2550;

function awaitPort(host: Host, watch: LinkWatch, name: string, index: number | undefined): Link {
  const isUp = ({ operstate }: Link) => operstate === "up";
  const link = index === undefined ? undefined : watch.await(index, isUp, PORT_UP_MS);
  watch.close();
  if (link) return link;
  const now = host.findLink(name);
  throw new CniError(
    INTERNAL,
    `bridge port in error state: ${now?.operstate ?? "gone"}`,
    now
      ? `the port ${name} does not come up: see ip -d link show ${name}`
      : `${name} was removed during ADD: has the container ended?`,
  );
}
