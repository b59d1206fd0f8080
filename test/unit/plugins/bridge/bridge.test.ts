import { describe, expect, test } from "bun:test";
import { EEXIST, EIO } from "../../../../src/base/errno.ts";
import { formatPrefix, type Prefix, parsePrefix } from "../../../../src/base/ip.ts";
import { formatMac } from "../../../../src/base/mac.ts";
import { addAddr, IFF_PROMISC, IFF_UP, type Link } from "../../../../src/host/verbs.ts";
import { BRIDGE_ALIAS, ensureBridge, ensureGateway } from "../../../../src/plugins/bridge/bridge.ts";
import { readConfig } from "../../../../src/plugins/bridge/config.ts";
import { bridgeMac } from "../../../../src/plugins/bridge/names.ts";
import { type Cues, type FakeHost, fakeHost } from "../../../support/fakehost.ts";
import { refusal } from "../../../support/refusal.ts";
import { bridgeCall } from "./call.ts";

const prefix = (text: string) => parsePrefix(text) as Prefix;
const ensure = (host: FakeHost, conf: Record<string, unknown> = {}) =>
  ensureBridge(host, readConfig(bridgeCall({ conf })));
const changes = (host: FakeHost) => host.log.filter((line) => line.includes(" ip "));

describe("ensureBridge()", () => {
  test("makes the bridge with an address of its own, marks it, and brings it up", () => {
    const host = fakeHost();
    const made = ensure(host, { mtu: 1400 });
    expect(host.log[0]).toBe(`host: ip link add br0 address ${formatMac(made.mac)} mtu 1400 type bridge`);
    expect(host.findLink("br0")).toMatchObject({ kind: "bridge", alias: BRIDGE_ALIAS, flags: IFF_UP });
  });

  test("touches nothing of a bridge that is as it should be", () => {
    const host = fakeHost();
    host.put({ name: "br0", kind: "bridge", flags: IFF_UP | IFF_PROMISC });
    ensure(host, { promiscMode: true });
    expect(changes(host)).toEqual([]);
  });

  test("brings up, and makes promiscuous, what others made", () => {
    const host = fakeHost();
    const { index } = host.put({ name: "br0", kind: "bridge" });
    host.change(addAddr(index, prefix("10.1.2.1/24")));
    const before = changes(host).length;
    ensure(host, { promiscMode: true });
    const wanted = [`host: ip link set ${index} promisc on`, `host: ip link set ${index} up`];
    expect(changes(host).slice(before)).toEqual(wanted);
    expect(host.findLink("br0")?.alias).toBe("");
  });

  test.each([
    ["has the MAC address that berth gives, as a killed ADD leaves it, is berth's", bridgeMac("br0"), BRIDGE_ALIAS],
    ["has another's is not", bridgeMac("br1"), ""],
  ])("a bridge that is down and %s", (_, mac, alias) => {
    const host = fakeHost();
    host.put({ name: "br0", kind: "bridge", mac });
    ensure(host);
    expect(host.findLink("br0")?.alias).toBe(alias);
  });

  test("takes the bridge that a concurrent call made first", () => {
    const refuses: Cues["refuses"] = (effect) => {
      if (!effect.includes("type bridge")) return undefined;
      host.put({ name: "br0", kind: "bridge" });
      return EEXIST;
    };
    const host = fakeHost({ refuses });
    expect(ensure(host).kind).toBe("bridge");
  });

  test.each([
    ["veth", "it is a veth"],
    ["", "it is a physical or virtual device"],
  ])("refuses a link of kind %p", (kind, details) => {
    const host = fakeHost();
    host.put({ name: "br0", kind });
    const error = refusal(() => ensure(host));
    expect(error.message).toBe('failed to create bridge "br0": "br0" already exists but is not a bridge');
    expect(error.details).toStartWith(details);
    expect(host.log).toEqual([]);
  });

  test("says why it cannot be made", () => {
    const error = refusal(() => ensure(fakeHost({ refuses: () => EIO })));
    expect(error.message).toStartWith('failed to create bridge "br0": could not add "br0": ip link add br0 address ');
    expect(error.message).toEndWith(": input/output error");
  });

  test("says so when it is deleted at once", () => {
    const host = fakeHost({ refuses: (effect) => (effect.includes("type bridge") ? EEXIST : undefined) });
    expect(refusal(() => ensure(host)).message).toBe('failed to create bridge "br0": it was removed at once');
  });
});

describe("ensureGateway()", () => {
  /** A bridge with these addresses and so many ports. */
  function bridge(addresses: string[], { ports = 0, ours = true } = {}): { host: FakeHost; link: Link } {
    const host = fakeHost();
    const link = host.put({ name: "br0", kind: "bridge", alias: ours ? BRIDGE_ALIAS : "" });
    host.change(...addresses.map((address) => addAddr(link.index, prefix(address))));
    for (let i = 0; i < ports; i++) host.put({ name: `p${i}`, kind: "veth", master: link.index });
    host.log.length = 0;
    return { host, link };
  }
  const addresses = (host: FakeHost, { index }: Link) => host.listAddrs(index).map((addr) => formatPrefix(addr.prefix));

  test("adds the address, then pins the bridge's own MAC address", () => {
    const { host, link } = bridge([]);
    ensureGateway(host, link, prefix("10.1.2.1/24"), false);
    expect(host.log).toEqual([
      `host: ip addr add 10.1.2.1/24 dev br0`,
      `host: ip link set br0 address ${formatMac(link.mac)}`,
    ]);
  });

  test("does nothing when it is there", () => {
    const { host, link } = bridge(["10.1.2.1/24"], { ports: 1 });
    ensureGateway(host, link, prefix("10.1.2.1/24"), true);
    expect(host.log).toEqual([]);
  });

  test.each([
    ["IPv4 address", "10.9.0.1/24", "10.1.2.1/24"],
    ["prefix length", "10.1.2.1/16", "10.1.2.1/24"],
    ["overlapping IPv6 address", "2001:db8::1/48", "2001:db8::1/64"],
    ["IPv6 address inside", "2001:db8::77/96", "2001:db8::1/64"],
  ])("refuses another %s while there are ports, and touches nothing", (_, there, wanted) => {
    const { host, link } = bridge([there], { ports: 2 });
    const error = refusal(() => ensureGateway(host, link, prefix(wanted), false));
    expect(error.message).toBe(`failed to set bridge addr: "br0" already has an IP address different from ${wanted}`);
    expect(error.details).toStartWith(`it has ${there}, and 2 ports: `);
    expect(host.log).toEqual([]);
  });

  test("refuses it on a bridge of others, ports or not", () => {
    const { host, link } = bridge(["10.9.0.1/24"], { ours: false });
    expect(refusal(() => ensureGateway(host, link, prefix("10.1.2.1/24"), false)).details).toContain("and 0 ports");
  });

  test("replaces it on a bridge of ours without ports, which nobody can be using", () => {
    const { host, link } = bridge(["10.9.0.1/24"]);
    ensureGateway(host, link, prefix("10.1.2.1/24"), false);
    expect(addresses(host, link)).toEqual(["10.1.2.1/24"]);
  });

  test("replaces it anywhere with forceAddress", () => {
    const { host, link } = bridge(["10.9.0.1/24", "2001:db8:9::1/64"], { ports: 2, ours: false });
    ensureGateway(host, link, prefix("10.1.2.1/24"), true);
    expect(addresses(host, link)).toEqual(["2001:db8:9::1/64", "10.1.2.1/24"]);
  });

  test("keeps IPv6 addresses of other subnets, and the other family's", () => {
    const { host, link } = bridge(["10.9.0.1/24", "2001:db8:9::1/64"], { ports: 2 });
    ensureGateway(host, link, prefix("2001:db8::1/64"), false);
    expect(addresses(host, link)).toEqual(["10.9.0.1/24", "2001:db8:9::1/64", "2001:db8::1/64"]);
  });
});
