import type { Saved } from "../../iptables/saved.ts";
import {
  ACCEPTED,
  acceptRules,
  adminJump,
  FORWARD,
  isolationRules,
  JUMPS,
  PUBLISHED,
  publishedRules,
  RETURN,
  type Spec,
  STAGE_1,
  STAGE_2,
  tagOf,
} from "./layout.ts";
import { removalOf } from "./removal.ts";
import type { Isolation } from "./wish.ts";

/** An attachment's rules of one family. */
export interface Target {
  /** Undefined: the reference has made them, who does not say whose they are. */
  readonly owner: { readonly tag: string; readonly comment: string } | undefined;
  /** With their lengths: 10.1.2.3/32. */
  readonly addresses: readonly string[];
  readonly adminChain: string;
  /** Whether the addresses are accepted by iptables: what firewalld accepts needs no rule. */
  readonly accepts: boolean;
  readonly isolation?: Isolation | undefined;
}

/**
 * The commands that make what is not there yet of attachments; none when all is. What earlier attempts of their owners have left
 * goes.
 */
export function additions(saved: Saved, targets: readonly Target[]): string[] {
  const left = stale(saved, targets);
  return [...left, ...missing(left.length > 0 ? saved.without(left) : saved, targets)];
}

/** The same whatever else there is. */
export function missing(there: Saved, targets: readonly Target[]): string[] {
  const of = (commands: (target: Target) => string[]) => targets.flatMap(commands);
  const all = [
    ...of((target) => chainsOf(target).flatMap((chain) => (there.has(chain) ? [] : [`-N ${chain}`]))),
    ...leading(there, targets),
    ...of(({ accepts, adminChain }) => (accepts ? first(there, ACCEPTED, adminJump(adminChain)) : [])),
    ...of(({ owner, adminChain }) => (owner ? first(there, PUBLISHED, adminJump(adminChain)) : [])),
    ...of(({ isolation }) => (isolation ? isolating(there, isolation) : [])),
    ...of(({ accepts, addresses }) => (accepts ? last(there, ACCEPTED, ...addresses.flatMap(acceptRules)) : [])),
    ...of((target) => last(there, PUBLISHED, ...ownRules(target))),
  ];
  // What attachments share each of them lacks.
  return [...new Set(all)];
}

function chainsOf({ owner, adminChain, accepts, isolation }: Target): string[] {
  const own = [...(accepts ? [ACCEPTED, adminChain] : []), ...(owner ? [PUBLISHED, adminChain] : [])];
  return [...new Set([...own, ...(isolation ? [STAGE_1, STAGE_2] : [])])];
}

function ownRules({ owner, addresses }: Target): Spec[] {
  return owner ? addresses.flatMap((address) => publishedRules(address, owner.comment)) : [];
}

/** All that an owner has, where some of it is not wanted. */
function stale(saved: Saved, targets: readonly Target[]): string[] {
  const wanted = new Map(targets.flatMap((one) => (one.owner ? [[one.owner.tag, new Set(ownRules(one))]] : [])));
  const left = saved.rules(PUBLISHED).filter((spec) => wanted.get(tagOf(spec))?.has(spec) === false);
  const tags = new Set(left.map(tagOf));
  return tags.size === 0 ? [] : removalOf(saved, (tag) => tags.has(tag));
}

function first(saved: Saved, chain: string, spec: Spec): string[] {
  return saved.includes(chain, spec) ? [] : [`-I ${chain} 1 ${spec}`];
}

function last(saved: Saved, chain: string, ...specs: Spec[]): string[] {
  return specs.filter((spec) => !saved.includes(chain, spec)).map((spec) => `-A ${chain} ${spec}`);
}

function isolating(saved: Saved, isolation: Isolation): string[] {
  return [
    ...isolationRules(isolation).flatMap(([chain, spec]) => first(saved, chain, spec)),
    ...last(saved, STAGE_1, RETURN),
    ...last(saved, STAGE_2, RETURN),
  ];
}

/** What leads from FORWARD, put where the reference puts it: published ports before isolation, that before all else. */
function leading(saved: Saved, targets: readonly Target[]): string[] {
  const owner = targets.some((target) => target.owner);
  const accepts = targets.some((target) => target.accepts);
  const isolation = targets.some((target) => target.isolation);
  const order = [...saved.rules(FORWARD)];
  const commands: string[] = [];
  const insert = (spec: Spec, at: number) => {
    commands.push(`-I ${FORWARD} ${at + 1} ${spec}`);
    order.splice(at, 0, spec);
  };
  const { published, stage1, accepted } = JUMPS;
  const at = (spec: Spec) => order.indexOf(spec);
  if (accepts && at(accepted) < 0) insert(accepted, Math.max(at(published), at(stage1)) + 1);
  const leads = at(published) >= 0 && (at(accepted) < 0 || at(published) < at(accepted));
  if (isolation && at(stage1) < 0) insert(stage1, leads ? at(published) + 1 : 0);
  if (!owner) return commands;
  const behind = order.findIndex((spec) => spec === stage1 || spec === accepted);
  if (at(published) >= 0 && (behind < 0 || at(published) < behind)) return commands;
  if (at(published) >= 0) {
    commands.push(`-D ${FORWARD} ${published}`);
    order.splice(at(published), 1);
  }
  insert(published, 0);
  return commands;
}
