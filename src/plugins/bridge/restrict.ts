import { EOPNOTSUPP, errnoOf, isErrno, messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { formatPrefix, type Ip, type Prefix } from "../../base/ip.ts";
import type { Undo } from "../../base/undo.ts";
import type { Host } from "../../host/host.ts";
import type { Link } from "../../host/verbs.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import type { Veth } from "./attach.ts";
import { ensureBridge } from "./bridge.ts";
import type { Plan } from "./plan.ts";
import { IPTABLES, SPOOF_CHECK } from "./rule-kinds.ts";
import { assertFiltering, joinVlans, noFiltering, type PortVlans } from "./vlan.ts";
import { ensureVlanGateway } from "./vlan-gateway.ts";

/** The steps of an ADD that only some networks ask for: VLANs, macspoofchk, another backend (bundle-upkeep.ts). */

/** What an earlier attachment left would bind the new one: its veth has the same name. @throws NetlinkError, Explained */
export function dropRules({ owner }: Plan, host: Host, kinds: string, addresses: readonly Ip[]): void {
  if (kinds.includes(SPOOF_CHECK)) host.rules.spoofCheck().remove(owner);
  if (kinds.includes(IPTABLES)) host.rules.iptables().remove(owner, addresses);
}

/** What this machine may lack is found out before anything is leased. @throws CniError, Explained */
export function assertPossible({ config, ipam }: Plan, call: Call, host: Host): void {
  const { vlans, ipMasq, ipMasqBackend } = config;
  if (vlans) assertFiltering(host, filteringBridge(host, config, vlans), vlans, call.warn);
  if (ipam !== undefined && ipMasq && ipMasqBackend === "iptables") host.rules.iptables().assertInstalled();
}

/** The kernel has words for a kind of link that it does not know, and none for an option that it lacks. */
function filteringBridge(host: Host, config: Plan["config"], vlans: PortVlans): Link {
  try {
    return ensureBridge(host, config);
  } catch (error) {
    const cause = (error as { cause?: { kernelText?: string } }).cause;
    throw isErrno(cause, EOPNOTSUPP) && !cause?.kernelText ? noFiltering(vlans, error) : error;
  }
}

export const NO_NFTABLES = "modprobe nf_tables (CONFIG_NF_TABLES)";

/** What to do where neither can masquerade. */
export const NO_BACKEND = `${NO_NFTABLES}, or install an iptables that does without`;

/** Why the rules of these addresses could not be made: ADD has no time to look before. What is no failure of theirs, as it is. */
export function masqueradeFailure({ config }: Plan, host: Host, addresses: readonly Prefix[], cause: unknown): unknown {
  const { ipMasqBackend } = config;
  const isTheirs = errnoOf(cause) !== undefined || (cause instanceof Explained && ipMasqBackend === undefined);
  if (!isTheirs) return cause;
  const what = `failed to masquerade ${addresses.map(formatPrefix).join(", ")}: ${messageOf(cause)}`;
  const remedy = host.rules.lacksNftables()
    ? `the kernel has no nf_tables: ${ipMasqBackend === undefined ? NO_BACKEND : NO_NFTABLES}`
    : host.rules.nftablesFailure() !== undefined
      ? NO_NFTABLES
      : "see nft list ruleset: nobody but berth should change its tables, ip berth and ip6 berth";
  return new CniError(INTERNAL, what, remedy, cause);
}

/** What carries the gateway's address: the bridge, or its interface in the VLAN. @throws CniError */
export function gatewayLink({ config }: Plan, host: Host, bridge: Link): Link {
  return config.vlans?.vlan ? ensureVlanGateway(host, bridge, config.vlans) : bridge;
}

/** What keeps the container to itself is there before it can send. @throws CniError, Explained */
export function restrict({ config, owner }: Plan, host: Host, veth: Veth, undo: Undo): void {
  const { vlans, macspoofchk } = config;
  if (vlans) joinVlans(host, veth.outer, vlans);
  if (!macspoofchk) return;
  undo.push(() => host.rules.spoofCheck().remove(owner));
  host.rules.spoofCheck().add(owner, { name: veth.outer.name, mac: veth.mac });
}
