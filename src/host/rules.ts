/** The bundle "rules": the packet filters that only some networks ask for. */
export { firewall } from "./firewall.ts";
export { iptables } from "./iptables.ts";
export { spoofCheck } from "./spoof.ts";
