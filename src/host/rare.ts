/** The bundle "rare": what of the host only some networks ask for. */
export { firewall } from "./firewall.ts";
export { iptables } from "./iptables.ts";
export { spoofCheck } from "./spoof.ts";
