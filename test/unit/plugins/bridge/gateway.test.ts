import { describe, expect, test } from "bun:test";
import { EACCES, EINVAL, EIO, EPERM } from "../../../../src/base/errno.ts";
import { formatPrefix, type Prefix, parsePrefix } from "../../../../src/base/ip.ts";
import { formatMac } from "../../../../src/base/mac.ts";
import { BRIDGE_ALIAS } from "../../../../src/plugins/bridge/bridge.ts";
import { ensureGateway } from "../../../../src/plugins/bridge/gateway.ts";
import { addAddr } from "../../../../src/rtnl/addr.ts";
import type { Link } from "../../../../src/rtnl/read-link.ts";
import { type FakeHost, fakeHost } from "../../../support/fakehost.ts";
import { refusal } from "../../../support/refusal.ts";

const prefix = (text: string) => parsePrefix(text) as Prefix;

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

  test.each(["10.1.2.1/24", "2001:db8::1/64"])("does nothing when %s is there, whatever is listed before", (wanted) => {
    for (const force of [false, true]) {
      const { host, link } = bridge(["10.9.0.1/24", "2001:db8::77/48", wanted], { ports: 1 });
      ensureGateway(host, link, prefix(wanted), force);
      expect(host.log).toEqual([]);
    }
  });

  test("pins the MAC address of a bridge of others whose address is there: it would follow that of its ports", () => {
    const { host, link } = bridge(["10.1.2.1/24"], { ours: false });
    ensureGateway(host, link, prefix("10.1.2.1/24"), false);
    expect(host.log).toEqual([`host: ip link set br0 address ${formatMac(link.mac)}`]);
  });

  test("gives a bridge of others whose last port went, and the MAC address with it, one of its own", () => {
    const { host, link } = bridge([], { ours: false });
    ensureGateway(host, { ...link, mac: new Uint8Array(6) }, prefix("10.1.2.1/24"), false);
    expect(host.log.at(-1)).toMatch(/^host: ip link set br0 address [0-9a-f][26ae]:(?!00:00:00:00:00)/);
  });

  test("is not in the way of link-local addresses, of which a link may have several", () => {
    const { host, link } = bridge(["fe80::ff:fe00:1/64"], { ports: 2 });
    ensureGateway(host, link, prefix("fe80::1/64"), true);
    expect(addresses(host, link)).toEqual(["fe80::ff:fe00:1/64", "fe80::1/64"]);
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

  const V6 = prefix("2001:db8::1/64");
  const DISABLED = "net/ipv6/conf/br0/disable_ipv6";
  /** A kernel that lets no IPv6 address be added while the sysctl says so. */
  function withoutIpv6(alias: string): { host: FakeHost; link: Link } {
    const host: FakeHost = fakeHost({
      refuses: (effect) =>
        effect.includes("addr add 2001") && host.enter((sysctls) => sysctls.read(DISABLED)) === "1"
          ? EACCES
          : undefined,
    });
    host.enter((sysctls) => sysctls.write(DISABLED, "1"));
    return { host, link: host.put({ name: "br0", kind: "bridge", alias }) };
  }

  test("switches IPv6 on on a bridge of ours, as on the container's interface", () => {
    const { host, link } = withoutIpv6(BRIDGE_ALIAS);
    ensureGateway(host, link, V6, false);
    expect([addresses(host, link), host.enter((sysctls) => sysctls.read(DISABLED))]).toEqual([["2001:db8::1/64"], "0"]);
  });

  test("says how to switch it on on one of others, whose affair it is", () => {
    const { host, link } = withoutIpv6("");
    const { message, details } = refusal(() => ensureGateway(host, link, V6, false));
    expect(message).toBe(
      'failed to set bridge addr: could not add IP address 2001:db8::1/64 to "br0": ip addr add 2001:db8::1/64 dev br0: permission denied',
    );
    expect(details).toBe("IPv6 is switched off on br0: sysctl -w net.ipv6.conf.br0.disable_ipv6=0");
    expect(host.enter((sysctls) => sysctls.read(DISABLED))).toBe("1");
  });

  test("names the bridge's mtu where it is too small for IPv6", () => {
    const host = fakeHost({ refuses: (effect) => (effect.includes("addr add") ? EINVAL : undefined) });
    const link = host.put({ name: "br0", kind: "bridge", mtu: 1200 });
    const { message, details } = refusal(() => ensureGateway(host, link, V6, false));
    expect(message).toBe(
      'failed to set bridge addr: could not add IP address 2001:db8::1/64 to "br0": ip addr add 2001:db8::1/64 dev br0: invalid argument',
    );
    expect(details).toBe("the mtu of br0 is 1200, IPv6 needs 1280: ip link set br0 mtu 1500");
  });

  test.each([
    ["address", 'could not set the MAC address of "br0": ip link set br0 address 02:'],
    ["addr del", 'could not remove an IP address of "br0": ip addr del 10.9.0.1/24 dev br0'],
  ])("asks whether the plugin is root where it may not %s", (effect, words) => {
    const host = fakeHost({ refuses: (text) => (text.includes(effect) ? EPERM : undefined) });
    const link = host.put({ name: "br0", kind: "bridge" });
    host.change(addAddr(link, prefix("10.9.0.1/24")));
    const { message, details } = refusal(() => ensureGateway(host, link, prefix("10.1.2.1/24"), true));
    expect(message).toStartWith(`failed to set bridge addr: ${words}`);
    expect([message.endsWith(": operation not permitted"), details]).toEqual([true, expect.stringContaining("root")]);
  });

  test("names the bridge in any other failure", () => {
    const host = fakeHost({ refuses: (effect) => (effect.includes("addr add") ? EIO : undefined) });
    const link = host.put({ name: "br0", kind: "bridge" });
    const { message, details } = refusal(() => ensureGateway(host, link, prefix("10.1.2.1/24"), false));
    expect(message).toBe(
      'failed to set bridge addr: could not add IP address 10.1.2.1/24 to "br0": ip addr add 10.1.2.1/24 dev br0: input/output error',
    );
    expect(details).toBe("");
  });

  test("keeps IPv6 addresses of other subnets, and the other family's", () => {
    const { host, link } = bridge(["10.9.0.1/24", "2001:db8:9::1/64"], { ports: 2 });
    ensureGateway(host, link, prefix("2001:db8::1/64"), false);
    expect(addresses(host, link)).toEqual(["10.9.0.1/24", "2001:db8:9::1/64", "2001:db8::1/64"]);
  });
});
