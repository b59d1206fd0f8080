import type { Saved } from "../../iptables/saved.ts";
import { ACCEPTED, acceptedBy, isolationRules, PUBLISHED, publishedBy, STAGE_1, STAGE_2 } from "./layout.ts";

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
 * made an address's rules without saying on which bridge, may be on it.
 */
export function removalOf(saved: Saved, isGone: (tag: string) => boolean, known: Known = { addresses: [] }): string[] {
  const published = saved.rules(PUBLISHED).flatMap((spec) => publishedBy(spec) ?? []);
  const gone = published.filter(({ tag }) => isGone(tag));
  const kept = published.filter(({ tag }) => !isGone(tag));
  const keptAddresses = new Set(kept.map(({ address }) => address));
  const lost = [...gone.map(({ address }) => address), ...known.addresses];
  const addresses = new Set(lost.filter((address) => !keptAddresses.has(address)));
  const accepted = saved.rules(ACCEPTED).map((spec) => ({ spec, address: acceptedBy(spec) }));
  const rules = accepted.filter(({ address }) => address !== undefined && addresses.has(address));
  const others = accepted.some(({ address }) => address && !addresses.has(address) && !keptAddresses.has(address));
  const lastOf = (bridge: string) => !others && !kept.some((one) => one.bridge === bridge);
  const bridges = new Set([...gone.map(({ bridge }) => bridge), known.bridge].filter((name) => name !== undefined));
  return [
    ...gone.map(({ spec }) => `-D ${PUBLISHED} ${spec}`),
    ...rules.map(({ spec }) => `-D ${ACCEPTED} ${spec}`),
    ...[...bridges].filter(lastOf).flatMap((bridge) => bridgeRemoval(saved, bridge)),
  ];
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
