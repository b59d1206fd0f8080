import { EEXIST, ENOENT } from "../../base/errno.ts";
import type { Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { attempt, type Failure } from "../../nft/client.ts";
import type { Command } from "../../nft/commands.ts";
import { findChain } from "../../nft/find.ts";
import { getElement, hasSet } from "../../nft/find-set.ts";
import type { Element, NftSet } from "../../nft/objects.ts";
import { networkOfTag, ownerComment, ownerTag, tagOfComment } from "../owner.ts";
import {
  CHAIN,
  isMasqueradeChain,
  type MasqueradeFamily,
  masqueradeFamily,
  masqueradeRule,
  masqueradeSet,
  type Place,
  TABLE,
} from "./nft-set.ts";

/** How often the ruleset may change under an ADD before it gives up. */
const ROUNDS = 10;

/** One address on its way into its set. */
interface Entry extends Place {
  readonly prefix: Prefix;
  readonly element: Element;
  /** What is to be made first: nothing, set and rule (where the chain is), or table and chain before these. */
  build: "nothing" | "rule" | "table";
  /** The element may be there already: ours, or left over from who had the address before. */
  step: "create" | "replace" | "keep";
}

/**
 * Masquerades what leaves the prefix of each of `addresses` from that address, in the name of `owner`: one transaction,
 * which the first time in a network also makes table, chain, set and rule. Repeating it changes nothing, and an address
 * that another attachment of the network had is taken over. Returns the sets that it had to make. Throws NetlinkError.
 */
export function addMasquerade(client: Client, owner: Owner, addresses: readonly Prefix[]): Place[] {
  const tag = ownerTag(owner);
  const entries = entriesOf(client, owner, tag, addresses);
  for (let left = ROUNDS; ; left--) {
    const failures = attempt(client, ...additions(owner.network, entries));
    const [first] = failures;
    if (!first) break;
    const round = { client, tag, entries, trusting: entries.filter(({ build }) => build === "rule") };
    const understood = failures.filter((failure) => learn(round, failure));
    if (left === 0 || understood.length < failures.length) throw first.error;
  }
  return entries.filter(({ build }) => build !== "nothing");
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
    return { family, prefix, set, element, build: missing(client, family, set), step: "create" };
  });
}

/**
 * Nor is the chain added where it is there already: that changes nothing, but counts as a change, for which the process
 * waits when it ends, again for all processors.
 */
function missing(client: Client, family: MasqueradeFamily, { name }: NftSet): Entry["build"] {
  if (hasSet(client, family, TABLE, name)) return "nothing";
  const chain = findChain(client, family, TABLE, CHAIN.name);
  return chain && isMasqueradeChain(chain) ? "rule" : "table";
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
    if (build !== "nothing" && !built.has(set.name)) {
      if (build === "table") batch.add({ kind: "table" }).add(CHAIN);
      batch.create(set).add(masqueradeRule(network, set, prefix));
      built.add(set.name);
    }
    if (step === "replace") batch.delete(element);
    if (step !== "keep") batch.create(element);
  }
  return [batches.ip, batches.ip6];
}

/** What has been tried, and was refused. */
interface Round {
  readonly client: Client;
  readonly tag: string;
  readonly entries: readonly Entry[];
  /** Those that took it for granted that the chain is there. */
  readonly trusting: readonly Entry[];
}

/** Changes the entries by what a refusal says about the ruleset. False when it says nothing of use. */
function learn(round: Round, { command, error: { errno } }: Failure): boolean {
  const { client, tag, entries } = round;
  const entry = entries.find(({ element }) => element === command?.object);
  if (!entry) return command !== undefined && learnOfBuilding(round, command, errno);
  if (errno === ENOENT) {
    if (command?.verb === "delete") entry.step = "create";
    else entry.build = "table";
    return true;
  }
  if (errno !== EEXIST) return false;
  entry.step = stepFor(getElement(client, entry.family, TABLE, entry.set, entry.element.key), tag);
  return true;
}

/** Somebody else has made the set, or removed the chain. */
function learnOfBuilding({ entries, trusting }: Round, { object, scope }: Command, errno: number): boolean {
  const made = object.kind === "set" && errno === EEXIST ? entries.filter(({ set }) => set.name === object.name) : [];
  const misled = errno === ENOENT ? trusting.filter(({ family }) => family === scope.family) : [];
  for (const entry of made) entry.build = "nothing";
  for (const entry of misled) entry.build = "table";
  return made.length + misled.length > 0;
}

function stepFor(present: Element | undefined, tag: string): Entry["step"] {
  if (!present) return "create";
  return tagOfComment(present.comment ?? "") === tag ? "keep" : "replace";
}
