import * as sys from "#sys";
import { fnv1a } from "../base/hash.ts";
import type { Mac } from "../base/mac.ts";
import type { Owner } from "../base/owner.ts";

/** IFLA_IFALIAS holds 255 bytes with its NUL; identifiers are ASCII, and an alias that is cut is cut alike everywhere. */
const ALIAS_LIMIT = 254;

/** What is left of it for a network's name, beside a container ID of 64 bytes and an interface. */
const NAME_LIMIT = 150;

/** What the aliases of all host veths begin with. */
export const ALIAS_PREFIX = "berth:";

/** The alias of a host veth: who owns it, for people (`ip link`), DEL and GC. */
export function aliasOf(owner: Owner): string {
  return `${aliasPrefix(owner.network)}${owner.containerId}/${owner.ifname}`.slice(0, ALIAS_LIMIT);
}

/** What the aliases of a network's host veths begin with, whole: a long name is cut, and a hash tells it from its like. */
export function aliasPrefix(network: string): string {
  const name = network.length > NAME_LIMIT ? `${network.slice(0, NAME_LIMIT)}~${fnv1a(network).toString(16)}` : network;
  return `${ALIAS_PREFIX}${name}/`;
}

/** The reverse of aliasOf; undefined for an alias that is none, or that was cut. */
export function ownerOfAlias(alias: string): Owner | undefined {
  if (!alias.startsWith(ALIAS_PREFIX) || alias.length >= ALIAS_LIMIT) return undefined;
  const [network, containerId, ifname, ...more] = alias.slice(ALIAS_PREFIX.length).split("/");
  return network && containerId && ifname && more.length === 0 ? { network, containerId, ifname } : undefined;
}

/**
 * The name of the host veth: the reference's form, `veth` and 8 hex digits, but the same for the same owner, so that
 * it is found without a list. Two owners may share one (1 in 2^32): the alias tells them apart.
 */
export function hostVethName(owner: Owner): string {
  const digits = fnv1a(`${owner.network}/${owner.containerId}/${owner.ifname}`).toString(16);
  return `veth${digits.padStart(8, "0")}`;
}

/** A random locally administered unicast MAC address. */
export function randomMac(): Mac {
  const mac = sys.random(6);
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 2;
  return mac;
}

/**
 * A random one for the host's end, above all that vendors have: a bridge that others made, and gave no address of its own,
 * takes that of its lowest port. A container must not change it.
 */
export function portMac(): Mac {
  const mac = sys.random(6);
  mac[0] = 0xfe;
  return mac;
}

/** A name of the same form for when the owner's own is taken. */
export function randomVethName(): string {
  return `veth${Array.from(sys.random(4), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
