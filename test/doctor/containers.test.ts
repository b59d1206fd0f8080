/** Faults inside of containers: each named, and mended by what doctor says. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { existsSync } from "node:fs";
import { type Attached, cures, DoctoredNode } from "../support/doctored.ts";
import { built, namespaces, needs } from "../support/needs.ts";

const test = needs(namespaces, built);
const PORTS = { portMappings: [{ hostPort: 8082, containerPort: 80, protocol: "tcp" }] };

describe.skipIf(!namespaces.met() || !built.met())("doctor on containers", () => {
  let node: DoctoredNode;
  let one: Attached;
  beforeAll(() => {
    node = new DoctoredNode();
    node.write("10-net0.conflist", node.list());
    one = node.attach(node.list(), "c1");
  });
  afterAll(() => node.close());
  const inside = (script: string) => `nsenter --net=${one.netns} sh -ec '${script}'`;
  const reaches = () => expect(node.lab.attempt(one.ns, "ping", "-c1", "-W2", "198.51.100.1").status).toBe(0);

  test("eth0 down", () => {
    cures(node, inside("ip link set eth0 down"), /eth0 of container c1 of network net0 is down/);
    reaches();
  });

  test("no default route", () => {
    cures(node, inside("ip route del default"), /c1 of network net0 has no default route/);
    reaches();
  });

  test("the address missing", () => {
    cures(node, inside("ip addr flush dev eth0"), /c1 of network net0 lacks its address/);
    reaches();
  });

  test("another MAC address", () => {
    cures(node, inside("ip link set eth0 address 02:00:00:00:00:09"), /eth0 of container c1 .* another MAC address/);
    reaches();
  });

  test("the gateway's neighbour entry failed, and wrong for good", () => {
    cures(node, inside("ip neigh replace 10.4.0.1 dev eth0 nud failed"), /does not find its gateway/);
    reaches();
    cures(
      node,
      inside("ip neigh replace 10.4.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent"),
      /does not find its gateway/,
    );
    reaches();
  });

  test("the host's neighbour entry of a container that had the address before", () => {
    const seed = `ip neigh replace ${one.address} lladdr 02:00:00:00:00:02 dev ndc0 nud permanent`;
    cures(node, seed, /this machine does not find container c1/);
    reaches();
  });

  test("its namespace gone without a DEL: rules, lease and libcni's memory go", () => {
    const two = node.attach(node.list(), "c2", PORTS);
    const { findings } = cures(
      node,
      () => void node.lab.sh(node.lab.host, "ip", "netns", "del", two.ns),
      /container c2 .* is gone/,
    );
    expect(findings[0]?.evidence).toContain(two.netns);
    expect(node.lab.leases("net0")).toEqual({ [one.address]: "c1\r\neth0" });
    expect(node.lab.rulesNaming(two.address, "8082")).toEqual([]);
    expect(existsSync(two.cache)).toBe(false);
  });

  test("its interface gone", () => {
    const two = node.attach(node.list(), "c3");
    cures(node, `ip link del ${two.veth}`, /container c3 of network net0 has no interface eth0/);
    expect(node.lab.leases("net0")).toEqual({ [one.address]: "c1\r\neth0" });
  });
});
