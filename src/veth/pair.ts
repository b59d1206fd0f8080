import { EEXIST, EINVAL, ENODEV, EOPNOTSUPP, EPERM, EXFULL, isErrno, messageOf } from "../base/errno.ts";
import { formatMac, type Mac } from "../base/mac.ts";
import type { Host } from "../host/host.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { addVeth, deleteLink } from "../rtnl/link.ts";
import type { Link } from "../rtnl/read-link.ts";
import { CniError, INTERNAL, TRY_AGAIN_LATER } from "../spec/errors.ts";
import { aliasOf, hostVethName, portMac, randomMac, randomVethName } from "./names.ts";
import type { AddContext, VethPlan } from "./plan.ts";
import { ROOT } from "./remedies.ts";

/** The pair that joins a container to the host. */
export interface Veth {
  /** The host's end, still down. */
  readonly outer: Link;
  /** MAC address of the container's end, whose name is CNI_IFNAME. */
  readonly mac: Mac;
  /** Whether that goes with the container's address. */
  readonly ownMac: boolean;
}

/** A veth whose namespace is being taken down is there for some milliseconds more. */
const DYING_VETH_MS = 2000;

/**
 * Makes the pair, each end born where it belongs, both still down; the host's a port of `master`, if there is one. The
 * container's MAC address is the one that is configured, else `addressMac`, which goes with its address, else a random one.
 */
export function attach(
  { plan, host, sandbox, undo }: Omit<AddContext, "call">,
  master: Link | undefined,
  addressMac: Mac | undefined,
): Veth {
  const mac = plan.config.mac ?? addressMac ?? randomMac();
  const mtu = plan.config.mtu || undefined;
  const preferred = hostVethName(plan.owner);
  for (let tries = 0; tries < 3; tries++) {
    const name = tries < 2 ? preferred : randomVethName();
    const hostMac = portMac();
    // Before it is made: the kernel may have made it when its answer cannot be received.
    undo.push(() => removePair(host, name, hostMac));
    const pair = addVeth({ name, mac: hostMac, mtu, master }, { name: plan.owner.ifname, mac, mtu, netns: sandbox });
    const {
      failures: [failure],
      link: holder,
    } = host.attemptAndFind([pair], name);
    if (failure && !isErrno(failure, EEXIST)) throw cannotMake(plan, master, failure);
    if (!holder) throw failure ? ifnameTaken(plan, sandbox, name) : vanished(name, master !== undefined);
    if (!failure) return { outer: holder, mac, ownMac: addressMac !== undefined };
    if (holder.alias === aliasOf(plan.owner)) host.awaitLink(name, () => false, DYING_VETH_MS);
  }
  throw new CniError(
    TRY_AGAIN_LATER,
    `failed to make veth pair: ${preferred} is taken`,
    `see ip -d link show ${preferred}: the container's earlier interface is still there`,
  );
}

/** Removes the pair, if it is ours and there: one end takes the other with it. Random MAC addresses tell it from others. */
function removePair(host: Host, name: string, mac: Mac): void {
  const link = host.findLink(name);
  if (link && formatMac(link.mac) === formatMac(mac)) host.change({ ...deleteLink(name), tolerate: [ENODEV] });
}

/** The container's namespace may be taken down at any time, and takes the pair with it. */
export function vanished(name: string, isPort: boolean): CniError {
  return new CniError(
    INTERNAL,
    isPort ? "bridge port in error state: gone" : `${name} is gone`,
    `${name} was removed during ADD: has the container ended?`,
  );
}

function cannotMake({ owner }: VethPlan, master: Link | undefined, failure: unknown): CniError {
  if (master && isErrno(failure, EXFULL)) {
    return new CniError(
      INTERNAL,
      `failed to connect to bridge ${master.name}: it has no free port: ${messageOf(failure)}`,
      "a Linux bridge has 1,023 ports: use a second network with another bridge, or run fewer containers here",
      failure,
    );
  }
  return new CniError(
    INTERNAL,
    `failed to make veth pair for "${owner.ifname}": ${messageOf(failure)}`,
    remedyFor(failure, master),
    failure,
  );
}

function remedyFor(failure: unknown, master: Link | undefined): string {
  if (isErrno(failure, EPERM)) return ROOT;
  if (isErrno(failure, EOPNOTSUPP)) return "does the kernel have veth (modprobe veth, CONFIG_VETH)?";
  return master && isErrno(failure, EINVAL) ? `was ${master.name} deleted meanwhile?` : "";
}

function ifnameTaken({ owner }: VethPlan, sandbox: Sandbox, peer: string): CniError {
  const holder = sandbox.findLink(owner.ifname);
  const what = !holder
    ? "it was there a moment ago"
    : holder.kind === "veth"
      ? "an earlier ADD made it, or another plugin: DEL it first"
      : `it is ${holder.name === "lo" ? "the loopback device: CNI_IFNAME must be another name" : `a ${holder.kind || "device"} that is no veth: choose another CNI_IFNAME`}`;
  return new CniError(
    INTERNAL,
    `container veth name ("${owner.ifname}") peer provided ("${peer}") already exists`,
    `in ${sandbox.path}: ${what}`,
  );
}
