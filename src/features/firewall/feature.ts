import { Explained } from "../../base/explained.ts";
import { findTool, missingTool } from "../../iptables/run.ts";
import type { Feature } from "../feature.ts";
import { addByIptables, collectFromIptables, missingOfIptables, removeFromIptables } from "./iptables.ts";
import type { FirewallWish } from "./wish.ts";

/** What containers may be sent (firewall). Not in the table of all.ts: as portMap, no other plugin wishes for it. */
export const firewall: Feature<FirewallWish> = {
  what: "the firewall",
  binds: "addresses",
  letters: {},
  possible: (_machine, wish) => obstacle(wish),
  add(_machine, wish, attached) {
    addByIptables({ ...wish, accepts: true }, attached);
    return "";
  },
  drop({ nft }, { isolation }, owner, addresses) {
    removeFromIptables(nft, owner, addresses, isolation?.bridge);
  },
  remove({ nft }, wish, { owner }) {
    // Another plugin's configuration wishes for nothing: firewall has a DEL of its own.
    if (wish) removeFromIptables(nft, owner, [], wish.isolation?.bridge);
  },
  check: (_machine, wish, attached) => missingOfIptables({ ...wish, accepts: true }, attached),
  restore(machine, wish, attached) {
    const missing = firewall.check(machine, wish, attached);
    if (missing !== undefined) firewall.add(machine, wish, attached);
    return missing;
  },
  gc({ nft }, wish, { network, alive }) {
    if (wish) collectFromIptables(nft, network, alive);
  },
};

function obstacle({ backend }: FirewallWish): Explained | undefined {
  if (backend === "firewalld") return new Explained("firewalld is not supported yet", 'use backend "iptables"');
  const kind = { family: 4, legacy: false } as const;
  return findTool(kind, "restore") === undefined ? missingTool(kind, "restore") : undefined;
}
