import type { Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { type FoundChain, type FoundRule, findChain, hasTable, listRules } from "../../nft/find.ts";
import { getElement, getElements, listElements } from "../../nft/find-set.ts";
import { type Chain, type Element, isLiteral, type Rule } from "../../nft/objects.ts";
import { keyText } from "../../nft/text.ts";
import { ownerTag, tagOfComment } from "../owner.ts";
import { conditionChain, conditionRules, entranceOf, mapsUnder } from "./nft-conditions.ts";
import { chainsOf, type IpFamily, rulesOf, sourcesRule, sourcesSet, TABLE } from "./nft-layout.ts";
import { type Entry, setOfSource, slotName, type Wanted, waitingOf, wantedOf } from "./nft-wanted.ts";
import type { PortMapWish } from "./wish.ts";

/**
 * What of `addPortMap` is not in the kernel, in a few words and with the command that shows it, or who has the port by now;
 * undefined when nothing is missing. With `waitingIsWell` nothing is missing of a mapping that waits. Throws NetlinkError.
 */
export function checkPortMap(
  client: Client,
  owner: Owner,
  wish: PortMapWish,
  addresses: readonly Prefix[],
  waitingIsWell?: true,
): string | undefined {
  const tag = ownerTag(owner);
  for (const wanted of wantedOf(wish, addresses)) {
    const missing =
      layoutMissing(client, wanted) ??
      entryMissing(client, tag, wanted, waitingIsWell) ??
      sourceMissing(client, tag, wanted);
    if (missing) return missing;
  }
  return undefined;
}

function layoutMissing(client: Client, wanted: Wanted): string | undefined {
  const { family, condition } = wanted;
  if (!hasTable(client, family, TABLE)) return `table ${family} ${TABLE} is missing (nft list tables)`;
  const chains = [...chainsOf(family), ...(condition ? [conditionChain(condition.digest)] : [])];
  const chain = chains.find((one) => !isLike(findChain(client, family, TABLE, one.name), one));
  if (chain) return `chain ${chain.name} is missing or not as berth makes it (nft list table ${family} ${TABLE})`;
  const entrance = condition ? [entranceOf(family, condition).rule] : [];
  const [rule] = missingRules(client, family, [...rulesFor(wanted), ...entrance]);
  return rule && `a rule of chain ${rule.chain} is missing (nft list chain ${family} ${TABLE} ${rule.chain})`;
}

function isLike(found: FoundChain | undefined, { base }: Chain): boolean {
  if (!base) return found !== undefined && !found.base;
  const { type, hook, priority } = found?.base ?? {};
  return base.type === type && base.hook === hook && base.priority === priority;
}

/** The rules that the mappings need, but for the one that leads to those under a condition. */
export function rulesFor({ family, sources, condition }: Wanted): Rule[] {
  const lengths = [...new Set(sources.map(({ length }) => length))];
  return [
    ...rulesOf(family),
    ...(condition ? conditionRules(family, condition.digest) : []),
    ...lengths.map((length) => sourcesRule(family, length, sourcesSet(family, length))),
  ];
}

/** Those of some rules that are not there. */
export function missingRules(client: Client, family: IpFamily, needed: readonly Rule[]): Rule[] {
  const found = new Map<string, FoundRule[]>();
  return needed.filter((rule) => {
    const present = found.get(rule.chain) ?? listRules(client, family, TABLE, rule.chain);
    found.set(rule.chain, present);
    return !present.some((one) => signature(one.exprs) === signature(rule.statements.flatMap(({ exprs }) => exprs)));
  });
}

/** What tells the rules of these tables apart: the sets that they look into and the chains that they jump to. */
function signature(exprs: FoundRule["exprs"]): string {
  const words = exprs.map((expr) => {
    if (expr.name === "lookup") return isLiteral(expr.data.set) ? "" : expr.data.set;
    if (expr.name === "immediate") return expr.data.data?.verdict?.chain ?? `${expr.data.data?.verdict?.code}`;
    return expr.name === "masq" || expr.name === "nat" || expr.name === "fib" ? expr.name : "";
  });
  return words.filter(Boolean).join(" ");
}

function entryMissing(
  client: Client,
  tag: string,
  { family, entries, condition }: Wanted,
  waitingIsWell: true | undefined,
): string | undefined {
  const { ports, addresses } = mapsUnder(family, condition?.digest);
  for (const set of [ports, addresses]) {
    const own = entries.filter((entry) => entry.set.name === set.name);
    const keys = own.map(({ key }) => key);
    const found =
      keys.length > MANY ? listAt(client, family, set, keys) : getElements(client, family, TABLE, set, keys);
    for (const [i, entry] of own.entries()) {
      const element = found[i];
      const wrong = entryWrong(tag, family, entry, element);
      if (!wrong) continue;
      const slot = waitingOf(family, entry);
      const waits = element && getElement(client, family, TABLE, slot.set, slot.key);
      if (!waits) return wrong;
      if (!waitingIsWell) return `${wrong}; it comes back when that one goes`;
    }
  }
  return undefined;
}

/** From how many on it is quicker to read all of a map than to ask for each. */
const MANY = 128;

function listAt(client: Client, family: IpFamily, set: Entry["set"], keys: readonly Uint8Array[]) {
  const all = new Map(listElements(client, family, TABLE, set).map((element) => [slotName(element), element]));
  return keys.map((key) => all.get(slotName({ set, key })));
}

function entryWrong(tag: string, family: IpFamily, entry: Entry, element: Element | undefined): string | undefined {
  const { set, key, data } = entry;
  const port = keyText(set.type, key);
  const see = `(nft list map ${family} ${TABLE} ${set.name})`;
  if (!element) return `host port ${port} is not in map ${set.name} ${see}`;
  const { comment = "" } = element;
  if (tagOfComment(comment) !== tag) return `host port ${port} has gone to another: ${comment} ${see}`;
  const target = (bytes: Uint8Array) => keyText(set.data ?? [], bytes);
  const found = target(element.data ?? new Uint8Array());
  return found === target(data) ? undefined : `host port ${port} leads to ${found} and not to ${target(data)} ${see}`;
}

function sourceMissing(client: Client, tag: string, { family, sources }: Wanted): string | undefined {
  for (const source of sources) {
    const set = setOfSource(family, source);
    const element = getElement(client, family, TABLE, set, source.key);
    if (element && tagOfComment(element.comment ?? "") === tag) continue;
    return `${keyText(set.type, source.key)} is not in set ${set.name} (nft list set ${family} ${TABLE} ${set.name})`;
  }
  return undefined;
}
