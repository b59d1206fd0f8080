import { EEXIST, EOPNOTSUPP, isErrno, messageOf } from "../../base/errno.ts";
import type { Host } from "../../host/host.ts";
import { addBridge, IFF_PROMISC, IFF_UP, setAlias, setPromisc, setUp } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import { bridgeMac, isBridgeMac } from "./bridge-mac.ts";
import type { BridgeConfig } from "./config.ts";
import { assertFiltering, noFiltering, type PortVlans } from "./vlan.ts";

/**
 * Alias of a bridge that berth made. Its MAC address was given at birth, so that ports do not change it, and a stale
 * address on it may be replaced while it has no ports.
 */
export const BRIDGE_ALIAS = "berth";
/** The same of a bridge that has had a container whose MAC address did not go with its address (announce.ts). */
export const MIXED_ALIAS = "berth mixed";

export function isOurs(bridge: Link): boolean {
  return bridge.alias === BRIDGE_ALIAS || bridge.alias === MIXED_ALIAS;
}

/** The bridge, made if it is not there, up, and promiscuous if configured. Concurrent callers may race to make it. */
export function ensureBridge(host: Host, config: BridgeConfig): Link {
  const { bridge: name } = config;
  const bridge = host.findLink(name) ?? makeBridge(host, config);
  if (bridge.kind !== "bridge") throw notABridge(bridge);
  // Seen in the link: opening a file of /proc/sys takes the longer the more namespaces the machine has.
  if (bridge.acceptRa !== 0) host.enter((sysctls) => sysctls.tryWrite(`net/ipv6/conf/${name}/accept_ra`, "0"));
  const changes = [];
  if (config.promiscMode && !(bridge.flags & IFF_PROMISC)) changes.push(setPromisc(bridge));
  if (!(bridge.flags & IFF_UP)) {
    // Of an ADD that was killed before it came to that.
    const ours = bridge.alias === "" && isBridgeMac(name, bridge.mac);
    if (ours) changes.push(setAlias(bridge, BRIDGE_ALIAS));
    changes.push(setUp(bridge));
  }
  if (changes.length) host.change(...changes);
  return bridge;
}

/** That a link of another kind has the bridge's name. */
export function notABridge({ name, kind }: Link): CniError {
  return new CniError(
    INTERNAL,
    `failed to create bridge "${name}": "${name}" already exists but is not a bridge`,
    `it is ${kind ? `a ${kind}` : "a physical or virtual device"}: choose another name for "bridge", or remove it (ip link del ${name})`,
  );
}

function makeBridge(host: Host, { bridge: name, mtu, vlans }: BridgeConfig): Link {
  const wanted = { name, mac: bridgeMac(name), ...(mtu > 0 && { mtu }), vlanFiltering: vlans !== undefined };
  const [failed] = host.attempt([addBridge(wanted)]);
  if (failed && !isErrno(failed, EEXIST)) {
    const details = "does the kernel have the bridge module (modprobe bridge), and does the plugin run as root?";
    throw new CniError(
      INTERNAL,
      `failed to create bridge "${name}": could not add "${name}": ${messageOf(failed)}`,
      details,
      failed,
    );
  }
  if (!failed) host.change(setAlias(name, BRIDGE_ALIAS));
  const bridge = host.findLink(name);
  if (bridge) return bridge;
  throw new CniError(
    INTERNAL,
    `failed to create bridge "${name}": it was removed at once`,
    "something else on this machine deletes it",
  );
}

/** Makes the bridge if it is not there, and sees that it knows VLANs. @throws CniError */
export function ensureVlans(host: Host, config: BridgeConfig, vlans: PortVlans, warn: (line: string) => void): void {
  assertFiltering(host, filteringBridge(host, config, vlans), vlans, warn);
}

/** The kernel has words for a kind of link that it does not know, and none for an option that it lacks. */
function filteringBridge(host: Host, config: BridgeConfig, vlans: PortVlans): Link {
  try {
    return ensureBridge(host, config);
  } catch (error) {
    const cause = (error as { cause?: { kernelText?: string } }).cause;
    throw isErrno(cause, EOPNOTSUPP) && !cause?.kernelText ? noFiltering(vlans, error) : error;
  }
}
