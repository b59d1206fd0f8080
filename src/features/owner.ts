import { sha512 } from "#sys";
import type { Owner } from "../base/owner.ts";
import { fitComment } from "../nft/comments.ts";

const HASH_LENGTH = 16;
const TAG_LENGTH = 2 * HASH_LENGTH + 1;

/** What all tags of a network begin with: 16 hexadecimal digits. */
export function networkTag(network: string): string {
  return hash(network);
}

/**
 * What the comments of an attachment's rules and elements begin with: the network's tag, "-", and 16 hexadecimal
 * digits of the rest. The same as the reference's nftables backend has (plugins: pkg/ip/ipmasq_nftables_linux.go).
 * `ofNetwork` is the network's tag where it is known already: a hash takes its time.
 */
export function ownerTag({ network, containerId, ifname }: Owner, ofNetwork: string = networkTag(network)): string {
  return `${ofNetwork}-${hash(`${ifname}:${containerId}`)}`;
}

/** The network's tag out of an owner's. */
export function networkOfTag(tag: string): string {
  return tag.slice(0, HASH_LENGTH);
}

/** The tag of `owner`, then the same for people to read, as far as it fits a comment. */
export function ownerComment({ network, ifname, containerId }: Owner, tag: string): string {
  return fitComment(`${tag}, net: ${network}, if: ${ifname}, id: ${containerId}`);
}

/** The tag at the beginning of a comment; of a comment that has none, something that is no tag. */
export function tagOfComment(comment: string): string {
  return comment.slice(0, TAG_LENGTH);
}

/** The chain of the iptables backends, the reference's and ours; it does not tell the interfaces of a container apart. */
export function iptablesChain({ network, containerId }: Pick<Owner, "network" | "containerId">): string {
  return `CNI-${sha512(network + containerId).slice(0, 24)}`;
}

function hash(text: string): string {
  return sha512(text).slice(0, HASH_LENGTH);
}
