import type { Explained } from "../../base/explained.ts";
import { outcome } from "../../base/outcome.ts";
import { settle } from "../../base/undo.ts";
import { findTool, missingTool } from "../../iptables/run.ts";
import type { Attached } from "../attached.ts";
import type { Feature } from "../feature.ts";
import type { Machine } from "../machine.ts";
import { addSources, isFirewalldRunning, lackOfFirewalld, missingSource, removeSources } from "./firewalld.ts";
import { type Asked, addByIptables, collectFromIptables, missingOfIptables, removeFromIptables } from "./iptables.ts";
import { missingOfEach, restoreEach } from "./many.ts";
import type { FirewallWish } from "./wish.ts";

/** What containers may be sent (firewall). Not in the table of all.ts: as portMap, no other plugin wishes for it. */
export const firewall: Feature<FirewallWish> = {
  what: "the firewall",
  binds: "addresses",
  letters: {},
  possible(_machine, wish, quickly) {
    // What runs is asked for once.
    if (quickly && wish.backend !== "iptables") return undefined;
    const lack = wish.backend === "firewalld" ? lackOfFirewalld() : undefined;
    return lack ?? (isByFirewalld(wish) && !wish.isolation ? undefined : lackOfIptables());
  },
  add({ nft }, wish, attached) {
    const byFirewalld = isByFirewalld(wish);
    const added = byFirewalld ? addSources(wish.zone, ipsOf(attached)) : [];
    if (byFirewalld && !wish.isolation) return "";
    try {
      addByIptables(nft, { ...wish, accepts: !byFirewalld }, attached);
      return "";
    } catch (error) {
      settle([() => removeSources(wish.zone, added)]);
      throw error;
    }
  },
  drop({ nft }, wish, owner, addresses) {
    removeFromIptables(nft, owner, addresses, wish.isolation?.bridge);
    if (wish.backend !== "iptables") removeSources(wish.zone, addresses);
  },
  remove(machine, wish, { owner }) {
    // Another plugin's configuration wishes for nothing: firewall has a DEL of its own.
    if (wish) firewall.drop(machine, wish, owner, []);
  },
  check({ nft }, wish, attached) {
    const byFirewalld = isByFirewalld(wish);
    const missing = byFirewalld ? missingSource(wish.zone, ipsOf(attached)) : undefined;
    if (missing !== undefined || (byFirewalld && !wish.isolation)) return missing;
    return missingOfIptables(nft, { ...wish, accepts: !byFirewalld }, attached);
  },
  restore(machine, wish, attached) {
    return restoreFirewalls(machine, [[wish, attached]])[0]?.();
  },
  gc({ nft }, wish, { network, alive }) {
    if (wish) collectFromIptables(nft, network, alive);
  },
};

type Wishes = readonly (readonly [FirewallWish, Attached])[];

/**
 * `firewall.restore` of many attachments, in their order: what they share is looked at and changed once. What each says, or throws,
 * its function does.
 */
export function restoreFirewalls({ nft }: Machine, asked: Wishes): (() => string | undefined)[] {
  const isRunning = asked.some(([{ backend }]) => backend === undefined) && isFirewalldRunning();
  const isByBus = ({ backend }: FirewallWish) => backend === "firewalld" || (backend === undefined && isRunning);
  const byRules = asked.flatMap(([wish, attached]): [Asked, Attached][] => {
    const accepts = !isByBus(wish);
    return accepts || wish.isolation ? [[{ ...wish, accepts }, attached]] : [];
  });
  const rules = restoreEach(nft, byRules)[Symbol.iterator]();
  return asked.map(([wish, attached]) => {
    const source = isByBus(wish) ? outcome(() => restoreSource(wish, attached)) : undefined;
    const rule = isByBus(wish) && !wish.isolation ? undefined : rules.next().value;
    return () => [source?.(), rule?.()].find((missing) => missing !== undefined);
  });
}

function restoreSource({ zone }: FirewallWish, attached: Attached): string | undefined {
  const missing = missingSource(zone, ipsOf(attached));
  if (missing !== undefined) addSources(zone, ipsOf(attached));
  return missing;
}

/** `firewall.check` of many attachments, in their order: what they share is looked at once. Throws Explained. */
export function checkFirewalls(machine: Machine, asked: Wishes): (string | undefined)[] {
  const byFirewalld = asked.some(([wish]) => isByFirewalld(wish));
  if (byFirewalld) return asked.map(([wish, attached]) => firewall.check(machine, wish, attached));
  const wishes = asked.map(([wish, attached]): [Asked, Attached] => [{ ...wish, accepts: true }, attached]);
  return missingOfEach(machine.nft, wishes);
}

function isByFirewalld({ backend }: FirewallWish): boolean {
  return backend === "firewalld" || (backend === undefined && isFirewalldRunning());
}

function ipsOf({ addresses }: Attached) {
  return addresses.map(({ ip }) => ip);
}

function lackOfIptables(): Explained | undefined {
  const kind = { family: 4, legacy: false } as const;
  return findTool(kind, "restore") === undefined ? missingTool(kind, "restore") : undefined;
}
