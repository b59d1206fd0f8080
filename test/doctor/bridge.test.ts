/** Faults of bridges and their ports: each named, and mended by what doctor says. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { type Attached, cures, DoctoredNode } from "../support/doctored.ts";
import { bridgeFilter, built, namespaces, needs } from "../support/needs.ts";

const test = needs(namespaces, built);
const withBridgeFilter = needs(namespaces, built, bridgeFilter);
const FILE = "10-net0.conflist";

describe.skipIf(!namespaces.met() || !built.met())("doctor on bridges", () => {
  let node: DoctoredNode;
  let one: Attached;
  beforeAll(() => {
    node = new DoctoredNode();
    node.write(FILE, node.list());
    one = node.attach(node.list(), "c1");
    node.attach(node.list(), "c2");
  });
  afterAll(() => node.close());
  /** The container reaches the world beyond the host: what all of it is for. */
  const reaches = () => expect(node.lab.attempt(one.ns, "ping", "-c1", "-W2", "198.51.100.1").status).toBe(0);

  test("a healthy one: nothing is said", () => {
    reaches();
    expect(node.doctor()).toEqual({ status: 0, findings: [], unseen: [] });
  });

  test("down", () => {
    cures(node, "ip link set ndc0 down", /bridge ndc0 is down/);
    reaches();
  });

  test("without address", () => {
    cures(node, "ip addr flush dev ndc0", /ndc0 lacks the gateway's address 10.4.0.1\/24/);
    reaches();
  });

  test("with a foreign address", () => {
    const { findings } = cures(
      node,
      "ip addr flush dev ndc0; ip addr add 10.200.0.1/24 dev ndc0",
      /ndc0 has another address than its network's gateway/,
    );
    expect(findings[0]?.evidence).toContain("10.200.0.1/24");
    reaches();
  });

  test("with another MAC address", () => {
    cures(node, "ip link set ndc0 address 02:00:00:00:00:07", /ndc0 has another MAC address/);
    reaches();
  });

  test("a port that was taken off it", () => {
    cures(node, `ip link set ${one.veth} nomaster`, /is no port of bridge ndc0/);
    expect(node.sh(`bridge -d link show dev ${one.veth}`)).toContain("hairpin on");
    reaches();
  });

  test("a port that is down", () => {
    cures(node, `ip link set ${one.veth} down`, /the host's end of container c1 of network net0, is down/);
    reaches();
  });

  test("hairpin off where it is configured", () => {
    cures(node, `bridge link set dev ${one.veth} hairpin off`, /does not send back \(hairpin off\)/);
  });

  withBridgeFilter("hairpin off where published ports of a bridge with br_netfilter need it", () => {
    node.sh("sysctl -qw net.bridge.bridge-nf-call-iptables=1");
    const list = node.list({ name: "net1", bridge: { bridge: "ndc1", hairpinMode: undefined }, subnet: "10.5.0.0/24" });
    node.write("20-net1.conflist", list);
    const ports = { portMappings: [{ hostPort: 8081, containerPort: 80, protocol: "tcp" }] };
    let published: Attached | undefined;
    const seed = () => {
      published = node.attach(list, "c3", ports);
    };
    const { status } = cures(node, seed, /ports of bridge ndc1 do not send back/);
    expect(status).toBe(0);
    expect(JSON.parse(node.read("20-net1.conflist")).plugins[0].hairpinMode).toBe(true);
    if (published) node.detach(list, published, ports);
    node.sh(`rm ${node.conf}/20-net1.conflist`);
  });

  test("MTUs that differ: inside, and on both ends", () => {
    cures(node, `nsenter --net=${one.netns} ip link set eth0 mtu 1400`, /the MTUs on the way to container c1/);
    cures(node, `ip link set ${one.veth} mtu 1300; ip link set ndc0 mtu 1300`, /the MTUs on the way to container c1/);
    expect(node.sh("cat /sys/class/net/ndc0/mtu 2>/dev/null || ip link show ndc0")).not.toContain("1300");
  });

  test("an uplink of a smaller MTU than the containers': a warning", () => {
    const { findings, status } = cures(node, "ip link set eth0 mtu 1400", /too large for eth0/);
    expect(findings.map(({ severity }) => severity)).toEqual(["warning"]);
    expect(status).toBe(0);
    expect(JSON.parse(node.read(FILE)).plugins[0].mtu).toBe(1400);
    expect(node.lab.attempt(one.ns, "ping", "-c1", "-W2", "-s", "1372", "-M", "do", "198.51.100.1").status).toBe(0);
  });
});
