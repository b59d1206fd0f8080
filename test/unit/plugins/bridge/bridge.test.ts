import { describe, expect, test } from "bun:test";
import { EEXIST, EIO } from "../../../../src/base/errno.ts";
import { type Prefix, parsePrefix } from "../../../../src/base/ip.ts";
import { formatMac } from "../../../../src/base/mac.ts";
import { BRIDGE_ALIAS, ensureBridge } from "../../../../src/plugins/bridge/bridge.ts";
import { bridgeMac } from "../../../../src/plugins/bridge/bridge-mac.ts";
import { readConfig } from "../../../../src/plugins/bridge/config.ts";
import { addAddr } from "../../../../src/rtnl/addr.ts";
import { IFF_PROMISC, IFF_UP } from "../../../../src/rtnl/link.ts";
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
    const wanted = ["host: ip link set br0 promisc on", "host: ip link set br0 up"];
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
