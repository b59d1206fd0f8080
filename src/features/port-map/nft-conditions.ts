import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { listRules } from "../../nft/find.ts";
import { jump } from "../../nft/match-link.ts";
import type { Chain, Literal, LiteralKeys, Rule, SetName } from "../../nft/objects.ts";
import { jumpsTo } from "../../nft/remove-chain.ts";
import { type Condition, conditionText, matchingOf } from "./condition.ts";
import { type IpFamily, LAYOUTS, type Maps, TABLE, TRANSLATE, translations } from "./nft-layout.ts";

/**
 * Mappings under a condition are in a chain and maps of their own, called by its digest, to which one rule leads, before the maps of
 * those under none. All of it is there as long as one of the mappings.
 */

/** The maps under the condition with that digest; without one those of the mappings under none. */
export function mapsUnder(family: IpFamily, digest: string | undefined): Maps {
  if (digest === undefined) return LAYOUTS[family];
  const { ports, addresses, waiting } = LAYOUTS[family];
  const named = <S extends { readonly name: string }>(set: S): S => ({ ...set, name: `${set.name}-${digest}` });
  return { ports: named(ports), addresses: named(addresses), waiting: named(waiting) };
}

const OWN = /^(?:ports|addresses|waiting)-([0-9a-f]+)$/;

/** The digest that the name of such a map ends with; undefined for one of mappings under no condition. */
export function digestOfMap({ name }: Pick<SetName, "name">): string | undefined {
  return OWN.exec(name)?.[1];
}

export function conditionChain(digest: string): Chain {
  return { kind: "chain", name: `${TRANSLATE.name}-${digest}` };
}

/** The rules of that chain. */
export function conditionRules(family: IpFamily, digest: string): readonly Rule[] {
  return translations(family, conditionChain(digest), mapsUnder(family, digest));
}

/** The rule that leads there, and what must be made before it. */
export interface Entrance {
  readonly rule: Rule;
  readonly literals: readonly (Literal | LiteralKeys)[];
}

export function entranceOf(family: IpFamily, condition: Condition): Entrance {
  const { statements, literals } = matchingOf(family, condition);
  const way = jump(conditionChain(condition.digest).name);
  return { rule: { kind: "rule", chain: TRANSLATE.name, statements: [...statements, way] }, literals };
}

export function addEntrance(batch: Batch, { rule, literals }: Entrance): void {
  for (const literal of literals) batch.add(literal);
  batch.insert(rule);
}

/** Adds the maps of a condition, and its chain without rules. */
export function addMaps(batch: Batch, family: IpFamily, condition: Condition): void {
  const { ports, addresses, waiting } = mapsUnder(family, condition.digest);
  const comment = conditionText(condition);
  for (const set of [ports, addresses, waiting]) batch.add({ ...set, comment });
  batch.add(conditionChain(condition.digest));
}

/** Makes all that a condition has. Of two that do so at once the second is refused (EEXIST), as in buildLayout. */
export function buildCondition(family: IpFamily, condition: Condition): Batch {
  const batch = new Batch(family, TABLE).create({
    ...mapsUnder(family, condition.digest).waiting,
    comment: conditionText(condition),
  });
  addMaps(batch, family, condition);
  for (const rule of conditionRules(family, condition.digest)) batch.add(rule);
  addEntrance(batch, entranceOf(family, condition));
  return batch;
}

/** What a condition has in the kernel, besides mappings. */
export interface FoundCondition {
  readonly digest: string;
  /** The rules that lead there, by their handles. */
  readonly entrances: readonly number[];
}

export function findConditions(client: Client, family: IpFamily, digests: readonly string[]): FoundCondition[] {
  if (digests.length === 0) return [];
  const rules = listRules(client, family, TABLE, TRANSLATE.name);
  return digests.map((digest) => {
    const leading = rules.filter(jumpsTo(conditionChain(digest).name));
    return { digest, entrances: leading.map(({ handle }) => handle) };
  });
}

/** Removes all that a condition has, its mappings too. */
export function dropCondition(batch: Batch, family: IpFamily, { digest, entrances }: FoundCondition): void {
  for (const handle of entrances) batch.delete({ kind: "handle", chain: TRANSLATE.name, handle });
  batch.destroy(conditionChain(digest));
  const { ports, addresses, waiting } = mapsUnder(family, digest);
  for (const set of [ports, addresses, waiting]) batch.destroy(set);
}
