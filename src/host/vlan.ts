/** What a plugin does to the VLANs of a bridge's ports: rtnl's verbs. */
export { addVlans, deleteVlans, listVlans, type Vlans } from "../rtnl/vlan.ts";
