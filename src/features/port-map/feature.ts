import { errnoOf, messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { formatPrefix } from "../../base/ip.ts";
import { findTool, missingTool } from "../../iptables/run.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Attached } from "../attached.ts";
import type { Feature } from "../feature.ts";
import type { Machine } from "../machine.ts";
import { NO_NFTABLES } from "../remedies.ts";
import { PortMap, type Target } from "./rules.ts";
import type { PortMapWish } from "./wish.ts";

/**
 * Ports of the host lead to containers (portmap). It is not in the table of all.ts, as no other plugin wishes for it: in what
 * every plugin starts with it would take 200 KB.
 */
export const portMap: Feature<PortMapWish> = {
  what: "port mapping",
  binds: "addresses",
  letters: {},
  possible({ nft }, { iptables }, quickly) {
    if (iptables) return lackOfIptables();
    const cause = quickly ? undefined : nft.failure();
    if (cause === undefined) return undefined;
    return new Explained(
      `portmap needs nf_tables, which the kernel does not have: ${messageOf(cause)}`,
      NO_NFTABLES,
      cause,
    );
  },
  add(machine, wish, attached) {
    try {
      const warn = (line: string) => attached.warn?.(line);
      const displaced = on(machine).add(targetOf(attached), wish, warn);
      for (const comment of displaced) warn(`a host port has been another container's, which waits: ${comment}`);
      return "";
    } catch (error) {
      throw failure(machine, attached, error);
    }
  },
  drop: (machine, { mappings }, owner) => on(machine).remove(owner, mappings, () => {}),
  remove(machine, wish, { owner, warn }) {
    // Another plugin's configuration wishes for nothing: portmap has a DEL of its own.
    if (wish) on(machine).remove(owner, wish.mappings, warn);
  },
  check: (machine, wish, attached) => on(machine).check(targetOf(attached), wish),
  restore: (machine, wish, attached) => on(machine).restore(targetOf(attached), wish),
  gc(machine, wish, { network, alive, warn }) {
    if (wish) on(machine).gc(network, wish, alive, warn);
  },
};

function lackOfIptables(): Explained | undefined {
  const kind = { family: 4, legacy: false } as const;
  return findTool(kind, "restore") === undefined ? missingTool(kind, "restore") : undefined;
}

function on(machine: Machine): PortMap {
  return new PortMap(machine.nft, machine);
}

function targetOf({ owner, port, addresses }: Attached): Target {
  return { owner, port: port.name, addresses };
}

/** Why the ports could not be mapped: ADD has no time to look before. */
function failure({ nft }: Machine, { addresses }: Attached, cause: unknown): unknown {
  if (errnoOf(cause) === undefined) return cause;
  const what = `failed to map host ports to ${addresses.map(formatPrefix).join(", ")}: ${messageOf(cause)}`;
  const remedy = nft.isLacking()
    ? `the kernel has no nf_tables: ${NO_NFTABLES}`
    : nft.failure() !== undefined
      ? NO_NFTABLES
      : "see nft list ruleset: nobody but berth should change its tables, ip berth-portmap and ip6 berth-portmap";
  return new CniError(INTERNAL, what, remedy, cause);
}
