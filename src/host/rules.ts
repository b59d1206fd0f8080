/** The bundle "rules": the packet filters that only some networks ask for. */

export { iptables } from "./iptables.ts";
export { lacksNftables, nftablesFailure } from "./nftables.ts";
export { spoofCheck } from "./spoof.ts";
