/** The bundle "bridge-vlan": what "vlan", "vlanTrunk" and "preserveDefaultVlan" ask for. */
export { assertFiltering, joinVlans, missingVlans, noFiltering, readPortVlans } from "./vlan.ts";
export { ensureVlanGateway } from "./vlan-gateway.ts";
