/** ADD of host-local where the runtime or the user asks for an address. */
import { describe, expect, test } from "bun:test";
import { refusal } from "../../../support/refusal.ts";
import { network } from "./network.ts";

const DUAL = { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00::/64" }]] };

describe("add() of a requested address", () => {
  const ips = (...list: string[]) => ({ conf: { runtimeConfig: { ips: list } } });

  test("gives it, from wherever it is asked for, and goes on from there", () => {
    using net = network(DUAL);
    expect(net.add("a", { args: "IP=10.1.2.88" })).toEqual(["10.1.2.88/24", "fd00::2/64"]);
    expect(net.add("b", { conf: { args: { cni: { ips: ["10.1.2.7/8"] } } } })).toEqual(["10.1.2.7/24", "fd00::3/64"]);
    expect(net.add("c", ips("fd00::99", "10.1.2.66"))).toEqual(["10.1.2.66/24", "fd00::99/64"]);
    expect(net.add("d", { args: "IP=" })).toEqual(["10.1.2.67/24", "fd00::9a/64"]);
  });

  test("says whose it is, when it is outside of all ranges, and when it is the gateway", () => {
    using net = network();
    net.add("a", { ...ips("10.1.2.9"), args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web" });
    const before = net.files();
    const taken = refusal(() => net.add("b", ips("10.1.2.9")));
    expect(taken.message).toBe(
      "failed to allocate for range 0: requested IP address 10.1.2.9 is not available in range set 10.1.2.1-10.1.2.254",
    );
    expect(taken.details).toBe("it is leased to a eth0 (pod ns/web)");
    const outside = refusal(() => net.add("b", ips("10.9.9.9", "10.1.2.10")));
    expect(outside.message).toBe("failed to allocate all requested IPs: 10.9.9.9");
    expect(outside.details).toContain("in no range");
    const second = refusal(() => net.add("b", ips("10.1.2.10", "10.1.2.11")));
    expect(second.message).toBe("failed to allocate all requested IPs: 10.1.2.11");
    const gateway = refusal(() => net.add("b", ips("10.1.2.1")));
    expect(gateway.message).toBe("failed to allocate for range 0: requested ip 10.1.2.1 is subnet's gateway");
    expect(net.files()).toEqual(before);
  });

  test("may give one interface several, as the reference does, which DEL releases together", () => {
    using net = network();
    net.add("a");
    net.add("a", ips("10.1.2.9"));
    expect(Object.keys(net.leases())).toEqual(["10.1.2.2", "10.1.2.9"]);
    net.del("a");
    expect(net.leases()).toEqual({});
  });

  test("does not take a file that names nobody", () => {
    using net = network();
    net.write("10.1.2.9", "");
    expect(refusal(() => net.add("a", ips("10.1.2.9"))).details).toContain("names no owner");
    expect(net.leases()).toEqual({ "10.1.2.9": "" });
  });
});
