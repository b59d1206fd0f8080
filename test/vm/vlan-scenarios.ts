/** Configurations with VLANs that both sets of plugins are given. */
import { conf, type Scenario } from "./sides.ts";

const SUBNETS = ["10.77.0.0/24", "10.78.0.0/24"];

const ipamOf = (subnet: string | undefined) => ({ type: "host-local", ranges: [[{ subnet }]] });

/** A scenario with a container for each of `overs`, each of another subnet. */
function scenario(key: string, ...overs: Record<string, unknown>[]): Scenario {
  const confs = overs.map((over, i) => {
    const own = { name: `net${i}`, ipam: ipamOf(SUBNETS[i]), ...over };
    return [`c${i}`, conf(key, own)];
  });
  return { key, confs: Object.fromEntries(confs) };
}

const TRUNK = [{ id: 101 }, { minID: 200, maxID: 203 }];

export const SCENARIOS: Scenario[] = [
  scenario("vlan", { vlan: 100 }),
  scenario("vlan-preserve", { vlan: 100, preserveDefaultVlan: true }),
  scenario("vlan-no-gateway", { vlan: 100, isGateway: false }),
  scenario("vlan-layer-2", { vlan: 100, ipam: {} }),
  scenario("vlan-mtu-default", { vlan: 100, mtu: 1400, isDefaultGateway: true }),
  scenario("vlan-and-trunk", { vlan: 100, vlanTrunk: TRUNK }),
  scenario("vlan-in-trunk", { vlan: 101, vlanTrunk: TRUNK }),
  scenario("trunk", { vlanTrunk: TRUNK }),
  scenario("trunk-preserve", { vlanTrunk: TRUNK, preserveDefaultVlan: true }),
  scenario("trunk-with-1", { vlanTrunk: [{ id: 1 }, { id: 5 }] }),
  scenario("trunk-all", { vlanTrunk: [{ minID: 1, maxID: 4094 }], ipam: {} }),
  scenario("trunk-empty", { vlanTrunk: [] }),
  scenario("two-vlans", { vlan: 100 }, { vlan: 200 }),
  {
    ...scenario("no-filtering", { vlan: 100 }),
    before: "ip -n HOST link add lab0 type bridge",
  },
];
