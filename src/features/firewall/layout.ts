import type { Owner } from "../../base/owner.ts";
import { ownerTag } from "../owner.ts";
import type { Isolation } from "./wish.ts";

/**
 * The rules in iptables' table filter, in the words of iptables-save. All but the chain of published ports are the reference's
 * to the letter, so that each plugin finds the other's.
 *
 *     FORWARD → CNI-PUBLISHED (what was sent to a port of the host) → CNI-ADMIN, then the attachments' addresses
 *             → CNI-ISOLATION-STAGE-1 → CNI-ISOLATION-STAGE-2, where a network asks for it
 *             → CNI-FORWARD → CNI-ADMIN, then the attachments' addresses
 */
export const FORWARD = "FORWARD";
export const ACCEPTED = "CNI-FORWARD";
export const PUBLISHED = "CNI-PUBLISHED";
export const STAGE_1 = "CNI-ISOLATION-STAGE-1";
export const STAGE_2 = "CNI-ISOLATION-STAGE-2";

/** A rule without "-A CHAIN ". */
export type Spec = string;

const commented = (comment: string) => `-m comment --comment "${comment}"`;
const SHARED = commented("CNI firewall plugin rules (ingressPolicy: same-bridge|isolated)");

/** The rules of FORWARD, in the order in which they must be there. */
export const JUMPS = {
  published: `-m conntrack --ctstate DNAT ${commented("CNI firewall plugin published ports")} -j ${PUBLISHED}`,
  stage1: `${SHARED} -j ${STAGE_1}`,
  accepted: `${commented("CNI firewall plugin rules")} -j ${ACCEPTED}`,
} as const satisfies Record<string, Spec>;

export const RETURN: Spec = `${SHARED} -j RETURN`;

export const ADMIN_COMMENT = "CNI firewall plugin admin overrides";

/** Leads to the operator's own rules. */
export function adminJump(chain: string): Spec {
  return `${commented(ADMIN_COMMENT)} -j ${chain}`;
}

/** What an address may do: get answers, and send. `address` has its length: 10.1.2.3/32. */
export function acceptRules(address: string): Spec[] {
  return [`-d ${address} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`, `-s ${address} -j ACCEPT`];
}

/** What stands after the first option: the address, in a rule that begins with one. */
export function addressOf(spec: Spec): string {
  return spec.slice(3, spec.indexOf(" ", 3));
}

/** The address of an accept rule; undefined for any other rule. */
export function acceptedBy(spec: Spec): string | undefined {
  const address = addressOf(spec);
  return acceptRules(address).includes(spec) ? address : undefined;
}

/** What the host's ports lead to is reached, and answers, whatever FORWARD's policy and the isolation of bridges say. */
export function publishedRules(address: string, comment: string): Spec[] {
  const end = `${commented(comment)} -j ACCEPT`;
  return [
    `-d ${address} -m conntrack --ctstate DNAT ${end}`,
    `-s ${address} -m conntrack --ctstate DNAT --ctdir REPLY ${end}`,
  ];
}

/** A rule of the published, and whose it is. */
export interface PublishedRule {
  readonly spec: Spec;
  readonly comment: string;
  readonly tag: string;
  readonly address: string;
  /** The bridge that the attachment has been isolated on. */
  readonly bridge: string | undefined;
}

const COMMENT = '--comment "';
const TAG_LENGTH = 33;

/** What a comment begins with: in a rule of published ports, whose it is. */
export function tagOf(spec: Spec): string {
  const at = spec.indexOf(COMMENT) + COMMENT.length;
  return spec.slice(at, at + TAG_LENGTH);
}

const PUBLISHED_RULE =
  /^-[ds] (\S+) .* --comment "(([0-9a-f]{16}-[0-9a-f]{16}), (?:bridge: (.+?), )?net: .*)" -j ACCEPT$/;

/** Undefined for a rule of others. */
export function publishedBy(spec: Spec): PublishedRule | undefined {
  const [, address, comment, tag, bridge] = PUBLISHED_RULE.exec(spec) ?? [];
  if (address === undefined || comment === undefined || tag === undefined) return undefined;
  return { spec, comment, tag, address, bridge };
}

/** What a comment holds (XT_MAX_COMMENT_LEN without its NUL). */
const COMMENT_MAX = 255;

/** By which an attachment's rules are found, and read by people. */
export function commentOf(owner: Owner, isolation: Isolation | undefined): string {
  const { network, containerId, ifname } = owner;
  const whose = `net: ${network}, if: ${ifname}, id: ${containerId}`.replace(/[^\w.:@%/, -]/g, "?");
  const bridge = isolation ? `bridge: ${isolation.bridge}, ` : "";
  return `${ownerTag(owner)}, ${bridge}${whose}`.slice(0, COMMENT_MAX);
}

/** The rules of a bridge, the first of a chain last, as each is put before those that are there. */
export function isolationRules({ bridge, policy }: Isolation): readonly [chain: string, spec: Spec][] {
  const own = commented(`CNI firewall plugin rules (ingressPolicy: ${policy})`);
  return [
    [STAGE_1, `-i ${bridge} ! -o ${bridge} ${own} -j ${STAGE_2}`],
    ...(policy === "isolated" ? [[STAGE_1, `-i ${bridge} -o ${bridge} ${own} -j DROP`] as [string, Spec]] : []),
    [STAGE_2, `-o ${bridge} ${SHARED} -j DROP`],
  ];
}
