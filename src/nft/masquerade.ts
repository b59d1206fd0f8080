import { EEXIST, ENOENT } from "../base/errno.ts";
import type { Prefix } from "../base/ip.ts";
import type { Owner } from "../base/owner.ts";
import type { Client } from "../netlink/client.ts";
import { Batch } from "./batch.ts";
import { attempt, type Failure } from "./client.ts";
import { getElement, hasSet } from "./find-set.ts";
import {
  CHAIN,
  type MasqueradeFamily,
  masqueradeFamily,
  masqueradeRule,
  masqueradeSet,
  TABLE,
} from "./masquerade-set.ts";
import type { Element, NftSet } from "./objects.ts";
import { networkOfTag, ownerComment, ownerTag, tagOfComment } from "./owner.ts";

/** How often the ruleset may change under an ADD before it gives up. */
const ROUNDS = 10;

/** One address on its way into its set. */
interface Entry {
  readonly family: MasqueradeFamily;
  readonly prefix: Prefix;
  readonly set: NftSet;
  readonly element: Element;
  /** Whether the set is to be made first, and all it needs. */
  build: boolean;
  /** The element may be there already: ours, or left over from who had the address before. */
  step: "create" | "replace" | "keep";
}

/**
 * Masquerades what leaves the prefix of each of `addresses` from that address, in the name of `owner`: one transaction,
 * which the first time in a network also makes table, chain, set and rule. Repeating it changes nothing, and an address
 * that another attachment of the network had is taken over. Throws NetlinkError.
 */
export function addMasquerade(client: Client, owner: Owner, addresses: readonly Prefix[]): void {
  const tag = ownerTag(owner);
  const entries = entriesOf(client, owner, tag, addresses);
  for (let left = ROUNDS; ; left--) {
    const failures = attempt(client, ...additions(owner.network, entries));
    const [first] = failures;
    if (!first) return;
    const understood = failures.filter((failure) => learn(client, tag, entries, failure));
    if (left === 0 || understood.length < failures.length) throw first.error;
  }
}

/**
 * Asked first and not found out by trying: a transaction that fails waits for all processors (synchronize_rcu) before
 * it is answered, which takes longer than all the rest of an ADD.
 */
function entriesOf(client: Client, owner: Owner, tag: string, addresses: readonly Prefix[]): Entry[] {
  const comment = ownerComment(owner, tag);
  return addresses.map((prefix) => {
    const set = masqueradeSet(owner.network, networkOfTag(tag), prefix);
    const element = { kind: "element", set, key: prefix.ip, comment } as const;
    const family = masqueradeFamily(prefix.ip);
    return { family, prefix, set, element, build: !hasSet(client, family, TABLE, set.name), step: "create" };
  });
}

/**
 * A batch for each family. Set and rule are made together, and the set with `create`: of two ADDs that both found none
 * the second is refused, so that there is never a second rule.
 */
function additions(network: string, entries: readonly Entry[]): Batch[] {
  const batches = { ip: new Batch("ip", TABLE), ip6: new Batch("ip6", TABLE) };
  const built = new Set<string>();
  for (const { family, prefix, set, element, build, step } of entries) {
    const batch = batches[family];
    if (build && !built.has(set.name)) {
      batch
        .add({ kind: "table" })
        .add(CHAIN)
        .create(set)
        .add(masqueradeRule(network, set, prefix));
      built.add(set.name);
    }
    if (step === "replace") batch.delete(element);
    if (step !== "keep") batch.create(element);
  }
  return [batches.ip, batches.ip6];
}

/** Changes the entries by what a refusal says about the ruleset. False when it says nothing of use. */
function learn(client: Client, tag: string, entries: readonly Entry[], { command, error }: Failure): boolean {
  const object = command?.object;
  if (object?.kind === "set" && error.errno === EEXIST) {
    for (const entry of entries) if (entry.set.name === object.name) entry.build = false;
    return true;
  }
  const entry = entries.find(({ element }) => element === object);
  if (!entry) return false;
  if (error.errno === ENOENT) {
    if (command?.verb === "delete") entry.step = "create";
    else entry.build = true;
    return true;
  }
  if (error.errno !== EEXIST) return false;
  entry.step = stepFor(getElement(client, entry.family, TABLE, entry.set, entry.element.key), tag);
  return true;
}

function stepFor(present: Element | undefined, tag: string): Entry["step"] {
  if (!present) return "create";
  return tagOfComment(present.comment ?? "") === tag ? "keep" : "replace";
}
