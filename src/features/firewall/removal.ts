import type { Saved } from "../../iptables/saved.ts";
import {
  ACCEPTED,
  acceptedBy,
  acceptRules,
  addressOf,
  isolationRules,
  PUBLISHED,
  publishedBy,
  type Spec,
  STAGE_1,
  STAGE_2,
  tagOf,
} from "./layout.ts";

/** What is known of an attachment from elsewhere than its own rules: the reference's do not say whose they are. */
export interface Known {
  /** With their lengths: 10.1.2.3/32. */
  readonly addresses: readonly string[];
  /** The bridge that it has been isolated on. */
  readonly bridge?: string | undefined;
}

/**
 * The commands that remove the attachments with the tags that `isGone` names, and what is `known` besides: none when there is
 * nothing. An address that another attachment has keeps its rules. The rules of a bridge go with its last attachment; who has
 * made an address's rules without saying on which bridge, may be on it. There may be thousands of rules.
 */
export function removalOf(saved: Saved, isGone: (tag: string) => boolean, known: Known = { addresses: [] }): string[] {
  const published = saved.rules(PUBLISHED);
  const gone = published.flatMap((spec) => (isGone(tagOf(spec)) ? (publishedBy(spec) ?? []) : []));
  const kept = (spec: Spec) => !isGone(tagOf(spec));
  const lost = [...new Set([...gone.map(({ address }) => address), ...known.addresses])];
  const isKept = (address: string) => published.some((spec) => spec.startsWith(`-d ${address} `) && kept(spec));
  const addresses = lost.filter((address) => !isKept(address));
  const rules = new Set(addresses.flatMap(acceptRules));
  const bridges = new Set([...gone.map(({ bridge }) => bridge), known.bridge].filter((name) => name !== undefined));
  const isLast = (bridge: string) =>
    !published.some((spec) => spec.includes(`, bridge: ${bridge}, net: `) && kept(spec)) &&
    !hasUnnamed(saved, published.filter(kept), addresses);
  return [
    ...gone.map(({ spec }) => `-D ${PUBLISHED} ${spec}`),
    ...saved.rules(ACCEPTED).flatMap((spec) => (rules.has(spec) ? [`-D ${ACCEPTED} ${spec}`] : [])),
    ...[...bridges].filter(isLast).flatMap((bridge) => bridgeRemoval(saved, bridge)),
  ];
}

/** Whether an address is accepted that is none of those published, nor of `addresses`. */
function hasUnnamed(saved: Saved, published: readonly Spec[], addresses: readonly string[]): boolean {
  const named = new Set([...published.map(addressOf), ...addresses]);
  return saved.rules(ACCEPTED).some((spec) => !named.has(addressOf(spec)) && acceptedBy(spec) !== undefined);
}

function bridgeRemoval(saved: Saved, bridge: string): string[] {
  const all = (["same-bridge", "isolated"] as const).flatMap((policy) => isolationRules({ bridge, policy }));
  const own = new Set(all.map(([chain, spec]) => `${chain} ${spec}`));
  return [STAGE_1, STAGE_2].flatMap((chain) =>
    saved
      .rules(chain)
      .filter((spec) => own.has(`${chain} ${spec}`))
      .map((spec) => `-D ${chain} ${spec}`),
  );
}
