import type { Family } from "../../base/ip.ts";
import { outcome } from "../../base/outcome.ts";
import { edit, type Table } from "../../iptables/edit.ts";
import type { Attached } from "../attached.ts";
import { additions, type Target } from "./additions.ts";
import { type Asked, configuredTable, FAMILIES, lackOf, type Nft, publishedOwners, targetsOf } from "./iptables.ts";

/** The rules of many attachments: each table is read once, and changed once, which takes a program where there are many rules. */

type Asking = readonly (readonly [Asked, Attached])[];

/** The first command that each would need, in their order; undefined when all is there. Throws Explained. */
export function missingOfEach(nft: Nft, asked: Asking): (string | undefined)[] {
  const lacks: (string | undefined)[] = asked.map(() => undefined);
  for (const group of groupsOf(asked)) {
    const saved = tableOf(nft, group).read();
    const owners = publishedOwners(saved);
    for (const { at, target } of group.members) lacks[at] ??= lackOf(saved, target, owners);
  }
  return lacks;
}

/**
 * Makes what is missing of each, of one family all or none. In their order: what says the first that was missing, undefined when
 * all was there, or throws why it could not be made.
 */
export function restoreEach(nft: Nft, asked: Asking): (() => string | undefined)[] {
  const parts = asked.map((): (() => string | undefined)[] => []);
  for (const group of groupsOf(asked)) {
    const lacks = outcome(() => restoreGroup(nft, group));
    for (const [i, { at }] of group.members.entries()) parts[at]?.push(() => lacks()[i]);
  }
  return parts.map((own) => () => own.map((lack) => lack()).find((lack) => lack !== undefined));
}

/** What is wanted of one family's table, beside one chain of the operator's. */
interface Group {
  readonly family: Family;
  readonly adminChain: string;
  readonly members: { readonly at: number; readonly target: Target }[];
}

function groupsOf(asked: Asking): Group[] {
  const groups = new Map<string, Group>();
  asked.forEach(([wish, attached], at) => {
    const { adminChain } = wish;
    for (const [family, target] of targetsOf(wish, attached)) {
      const group = groups.get(`${family} ${adminChain}`) ?? { family, adminChain, members: [] };
      groups.set(`${family} ${adminChain}`, group);
      group.members.push({ at, target });
    }
  });
  return FAMILIES.flatMap((family) => [...groups.values()].filter((group) => group.family === family));
}

function tableOf(nft: Nft, { family, adminChain, members: [first, ...others] }: Group): Table {
  return configuredTable(nft, family, adminChain, others.length === 0 ? first?.target : undefined);
}

function restoreGroup(nft: Nft, group: Group): (string | undefined)[] {
  let lacks: (string | undefined)[] = [];
  edit(tableOf(nft, group), (saved) => {
    const owners = publishedOwners(saved);
    lacks = group.members.map(({ target }) => lackOf(saved, target, owners));
    const lacking = group.members.filter((_, i) => lacks[i] !== undefined);
    return additions(
      saved,
      lacking.map(({ target }) => target),
    );
  });
  return lacks;
}
