import type { Owner } from "../../base/owner.ts";
import { fitComment } from "../../nft/comments.ts";
import type { Element } from "../../nft/objects.ts";

/**
 * What is known of an attachment that has port mappings: an element of the set `holders`, whose key is the owner's tag
 * (features/owner.ts), as four numbers that nft prints in the tag's own digits.
 */
export interface Holder {
  /** How many mappings it has in this family, those that wait included. */
  readonly count: number;
  /** ifindex of the host's end of its link; 0: not known. */
  readonly link: number;
  /** Seconds since boot at which it came. */
  readonly since: number;
  /** The interface in `localnet` that is there for it alone. */
  readonly guarded?: string;
  /** The digest of the condition that its mappings are under; absent: none. */
  readonly condition?: string;
}

/** The key of a tag. */
export function holderKey(tag: string): Uint8Array {
  const digits = tag.replace("-", "");
  return Uint8Array.from({ length: 16 }, (_, i) => {
    // Each number in host order.
    const at = (i & ~3) + (3 - (i & 3));
    return Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  });
}

/** The tag that a key was made of. */
export function tagOfKey(key: Uint8Array): string {
  const digits = Array.from(key, (_, i) => (key[(i & ~3) + (3 - (i & 3))] ?? 0).toString(16).padStart(2, "0"));
  return `${digits.slice(0, 8).join("")}-${digits.slice(8).join("")}`;
}

/** What is written, then whose it is, for people, as far as it fits. */
export function holderComment(holder: Holder, { network, ifname, containerId }: Owner): string {
  const { count, link, since, guarded, condition } = holder;
  const more = `${guarded ? `, dev: ${guarded}` : ""}${condition ? `, cond: ${condition}` : ""}`;
  const facts = `ports: ${count}, link: ${link}, since: ${since.toFixed(2)}${more}`;
  return fitComment(`${facts}, net: ${network}, if: ${ifname}, id: ${containerId}`);
}

const FACTS = /^ports: (\d+), link: (\d+), since: (\d+(?:\.\d+)?), (?:dev: ([^,]+), )?(?:cond: ([0-9a-f]+), )?/;

/** What an element says; of one that berth has not written, nothing that would let it be taken for dead. */
export function holderOf({ comment = "" }: Pick<Element, "comment">): Holder {
  const [, count, link, since, guarded, condition] = FACTS.exec(comment) ?? [];
  const numbers = { count: Number(count ?? -1), link: Number(link ?? 0), since: Number(since ?? 0) };
  return { ...numbers, ...(guarded && { guarded }), ...(condition && { condition }) };
}
