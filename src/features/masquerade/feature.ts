import { EACCES, errnoOf, isErrno, messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { formatPrefix, type Ip, type Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import { type Leaving, mayHave } from "../attached.ts";
import type { Feature } from "../feature.ts";
import type { Machine } from "../machine.ts";
import { NO_NFTABLES } from "../remedies.ts";
import type { Backend } from "./rules.ts";

/** Traffic of the containers to outside of their subnets leaves with the host's address (ipMasq). */
export interface MasqueradeWish {
  /** What is to keep the rules; absent: nftables, or iptables where the kernel has no nf_tables. */
  readonly backend?: Backend | undefined;
}

/** Of rules that iptables keeps. */
const LETTER = "i";

/** What to do where neither can masquerade. */
const NO_BACKEND = `${NO_NFTABLES}, or install an iptables that does without`;

export const masquerade: Feature<MasqueradeWish> = {
  what: "masquerading",
  binds: "addresses",
  letters: { [LETTER]: { backend: "iptables" } },
  possible: ({ nft, iptables }, { backend }, quickly) =>
    backend === "iptables"
      ? attempted(() => assertIptables({ nft, iptables }, quickly))
      : quickly
        ? undefined
        : lackOfNftables({ nft, iptables }, backend),
  add(machine, { backend }, { owner, addresses }) {
    try {
      return machine.masquerade.add(owner, addresses, backend) === "iptables" ? LETTER : "";
    } catch (error) {
      throw failure(machine, backend, addresses, error);
    }
  },
  drop(machine, { backend }, owner, addresses) {
    if (backend === "iptables") machine.iptables.remove(owner, addresses);
    else machine.masquerade.remove(owner, addresses);
  },
  remove(machine, wish, leaving) {
    const { owner, leases } = leaving;
    const addresses = leases?.length ? leases.map(({ address }) => address) : undefined;
    const found = machine.masquerade.remove(owner, addresses);
    // What other backends may have made, now configured or then, is looked for unless all is found where the wish says.
    const settled = wish?.backend !== "iptables" && !mayHave(LETTER, leases) && (found || !wish);
    const ours = leases?.every((lease) => lease.ours);
    if (!settled) removeOthers(machine, wish, leaving, ours ? addresses : undefined);
  },
  check(machine, { backend }, { owner, addresses }) {
    const missing = (backend === "iptables" ? machine.iptables : machine.masquerade).check(owner, addresses);
    return missing !== undefined && isElsewhere(machine, backend, owner, addresses) ? undefined : missing;
  },
  restore(machine, wish, attached) {
    const missing = masquerade.check(machine, wish, attached);
    if (missing === undefined) return undefined;
    const { owner, addresses } = attached;
    return (wish.backend === "iptables" ? machine.iptables : machine.masquerade).restore(owner, addresses);
  },
  gc(machine, wish, { network, alive, doomed, warn }) {
    machine.masquerade.gc(network, alive);
    // What the reference made, and what iptables did, carries no name that a list would show.
    const configured = wish?.backend === "iptables";
    for (const lease of doomed()) {
      if (!configured && !mayHave(LETTER, [lease])) continue;
      const { owner, ours, address } = lease;
      removeOthers(machine, wish, { owner, leases: [lease], warn }, ours ? [address] : undefined);
    }
  },
};

/** What the reference made before an upgrade, or another backend before a change, is left as it was made. */
function isElsewhere(
  machine: Machine,
  backend: Backend | undefined,
  owner: Owner,
  addresses: readonly Prefix[],
): boolean {
  return backend === "iptables"
    ? machine.masquerade.check(owner, addresses) === undefined
    : machine.iptables.isReferences(owner);
}

/**
 * Removes what iptables or the reference masquerades. Who may not look for the rules of the old iptables, which only root
 * makes, has made none: the call fails then only where it is known that there are some. @throws NetlinkError, SysError, Explained
 */
function removeOthers(
  machine: Machine,
  wish: MasqueradeWish | undefined,
  { owner, leases, warn }: Leaving,
  addresses: readonly Ip[] | undefined,
): void {
  try {
    machine.iptables.remove(owner, addresses);
  } catch (error) {
    if (!isErrno(error, EACCES)) throw error;
    if (wish?.backend === "iptables" || leases?.some(({ rules }) => rules?.includes(LETTER)))
      throw new Explained(messageOf(error), "only root may see and remove the rules of the old iptables", error);
    warn(`whether the old iptables has rules of ${owner.containerId} cannot be seen: ${messageOf(error)}`);
  }
}

type Means = Pick<Machine, "nft" | "iptables">;

function attempted(assert: () => void): Explained | undefined {
  try {
    assert();
    return undefined;
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    return error;
  }
}

function assertIptables({ nft, iptables }: Means, quickly: boolean): void {
  try {
    iptables.assertInstalled();
    // What is installed may be a front end of nf_tables.
    if (!quickly && nft.isLacking()) iptables.assertWorks();
  } catch (error) {
    if (quickly) throw error;
    const message = `ipMasqBackend "iptables" cannot be used: ${messageOf(error)}`;
    throw new Explained(message, "install iptables", error);
  }
}

function lackOfNftables({ nft, iptables }: Means, backend: Backend | undefined): Explained | undefined {
  const cause = nft.failure();
  if (cause === undefined) return undefined;
  const what = `ipMasq needs nf_tables, which the kernel does not have: ${messageOf(cause)}`;
  if (backend || !nft.isLacking()) return new Explained(what, NO_NFTABLES, cause);
  const unable = attempted(() => iptables.assertWorks());
  return unable && new Explained(`${what}, and iptables cannot do it: ${unable.message}`, NO_BACKEND, unable);
}

/** Why the rules of these addresses could not be made: ADD has no time to look before. What is no failure of theirs, as it is. */
function failure(
  { nft }: Machine,
  backend: Backend | undefined,
  addresses: readonly Prefix[],
  cause: unknown,
): unknown {
  const isTheirs = errnoOf(cause) !== undefined || (cause instanceof Explained && backend === undefined);
  if (!isTheirs) return cause;
  const what = `failed to masquerade ${addresses.map(formatPrefix).join(", ")}: ${messageOf(cause)}`;
  const remedy = nft.isLacking()
    ? `the kernel has no nf_tables: ${backend === undefined ? NO_BACKEND : NO_NFTABLES}`
    : nft.failure() !== undefined
      ? NO_NFTABLES
      : "see nft list ruleset: nobody but berth should change its tables, ip berth and ip6 berth";
  return new CniError(INTERNAL, what, remedy, cause);
}
