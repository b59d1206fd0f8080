import type { Batch } from "../../../nft/batch.ts";
import type { Statement } from "../../../nft/expr.ts";
import { concat, type IpFamily, SIZES, saddrNetwork } from "../../../nft/match-concat.ts";
import { dnat, forget, mapped, numbered, randomBelow, remember } from "../../../nft/match-services.ts";
import { encoded, u32 } from "../../../wire/coder.ts";
import { choicesMap, DROP_CHAIN, keyParts, MAPS, REJECT_CHAIN, VIEWS, type View } from "./layout.ts";

/**
 * What becomes of a packet to a service, as one number: among how many endpoints it is led to one, and for how many
 * seconds its client stays there. nf_tables has no remainder by what a map says, so each has a chain, made when first needed.
 */
export type Choice = number;

/** No endpoint at all: the client is told. */
export const REJECT: Choice = 0;
/** None on this node, to which the policy binds: others may have some, and who sent it here is to notice. */
export const DROP: Choice = 1 << 14;

/** How many endpoints of one group are used. */
export const ENDPOINTS_MAX = (1 << 14) - 1;
/** Kubernetes' own limit, a day, is below. */
export const SECONDS_MAX = (1 << 17) - 1;

/** `count` from 1 on; `seconds` 0: clients stay nowhere. It is at most NUMBER_MAX. */
export function choiceOf(count: number, seconds: number): Choice {
  return count | (seconds << 14);
}

interface Parts {
  readonly count: number;
  readonly seconds: number;
}

function partsOf(choice: Choice): Parts {
  return { count: choice & ENDPOINTS_MAX, seconds: choice >>> 14 };
}

/** Chains and their elements for choices that have none yet. */
export function addChoices(batch: Batch, family: IpFamily, choices: Iterable<Choice>): void {
  for (const choice of choices) for (const view of VIEWS) addChoice(batch, family, view, choice);
}

function addChoice(batch: Batch, family: IpFamily, view: View, choice: Choice): void {
  const key = encoded(u32, choice);
  const chain = chainOf(view, choice);
  if (partsOf(choice).count > 0) {
    batch.add({ kind: "chain", name: chain });
    for (const statements of rulesOf(family, view, choice)) batch.add({ kind: "rule", chain, statements });
  }
  batch.add({ kind: "elements", set: choicesMap(view), elements: [{ key, goto: chain }] });
}

function chainOf(view: View, choice: Choice): string {
  if (choice === REJECT) return REJECT_CHAIN.name;
  if (choice === DROP) return DROP_CHAIN.name;
  const { count, seconds } = partsOf(choice);
  return `${view}-${count}${seconds > 0 ? `-for-${seconds}s` : ""}`;
}

/** Words: the group, what follows it in a key or is a number by itself, and an endpoint. */
const GROUP = 0;
const SECOND = 1;
const END = 2;

function rulesOf(family: IpFamily, view: View, choice: Choice): Statement[][] {
  const { count, seconds } = partsOf(choice);
  const { affinity, endpoints, members, live, [view]: map } = MAPS[family];
  const key = concat(keyParts(family, view));
  const find = [key, numbered(map, 0, GROUP)];
  const one = randomBelow(count, SECOND);
  if (seconds === 0) return [[...find, one, mapped(endpoints, GROUP, END), dnat(family, END)]];
  const words = SIZES[family] / 4;
  // The group and the client, by which the affinity is known, beyond the group, a number and an endpoint.
  const client = END + words + 1;
  const saddr = concat([saddrNetwork(family, 8 * SIZES[family])], client + 1);
  const ask = [key, numbered(map, 0, GROUP, client), saddr];
  const remembered = remember(affinity, client, SECOND, seconds);
  const pick = [one, numbered(members, GROUP, SECOND)];
  const lead = [mapped(live, SECOND, END), dnat(family, END)];
  const [endOf, to] = lead as [Statement, Statement];
  return [
    // The one of before, if it is alive; else any, which is remembered; and any also where there is no room to remember.
    [...ask, numbered(affinity, client, SECOND), endOf, remembered, to],
    [...ask, ...pick, endOf, forget(affinity, client, SECOND), remembered, to],
    [...find, ...pick, ...lead],
  ];
}
