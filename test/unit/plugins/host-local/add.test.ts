/** ADD of host-local: which address it leases, what it writes and records, and what it takes back. */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeOrigin } from "../../../../src/plugins/host-local/origin.ts";
import { refusal, refusalOf } from "../../../support/refusal.ts";
import { addressesOf, bare, network } from "./network.ts";

const EIGHT = { ranges: [[{ subnet: "10.1.2.0/29" }]] };
const DUAL = { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00::/64" }]] };

describe("add()", () => {
  test("writes what the reference writes, byte for byte, with its modes", () => {
    using net = network(DUAL);
    expect(net.add("cid-1")).toEqual(["10.1.2.2/24", "fd00::2/64"]);
    expect(net.files()).toEqual({
      "10.1.2.2": "cid-1\r\neth0",
      "fd00::2": "cid-1\r\neth0",
      "last_reserved_ip.0": "10.1.2.2",
      "last_reserved_ip.1": "fd00::2",
      lock: "",
    });
    const mode = (name: string) => (statSync(net.path(name)).mode & 0o777).toString(8);
    expect([mode("10.1.2.2"), mode("last_reserved_ip.0"), mode("lock"), mode("")]).toEqual([
      "600",
      "600",
      "750",
      "755",
    ]);
    expect(readdirSync(net.dataDir)).toEqual(["net"]);
    expect(net.warnings).toEqual([]);
  });

  test("goes round, so that a released address rests", () => {
    using net = network(EIGHT);
    const got = ["a", "b", "c", "d", "e", "f"].map((id) => {
      const addresses = net.add(id);
      net.del(id);
      return addresses[0];
    });
    const tail = (n: number) => `10.1.2.${n}/29`;
    expect(got).toEqual([2, 3, 4, 5, 6, 2].map(tail));
  });

  test("hands out exactly what the range has, then says how full it is", () => {
    using net = network(EIGHT);
    const got = ["a", "b", "c", "d", "e"].flatMap((id) => net.add(id));
    expect(new Set(got).size).toBe(5);
    const error = refusal(() => net.add("f"));
    expect([error.code, error.message]).toEqual([
      999,
      "failed to allocate for range 0: no IP addresses available in range set: 10.1.2.1-10.1.2.6",
    ]);
    expect(error.details).toContain("5 of 5 addresses are leased");
    net.del("c");
    expect(net.add("f")).toEqual(["10.1.2.4/29"]);
  });

  test("starts at the beginning when the last address is garbage or outside", () => {
    for (const last of ["", "garbage", "10.9.9.9", "10.1.2.3\n", "x".repeat(5000)]) {
      using net = network();
      net.write("last_reserved_ip.0", last);
      expect(net.add("a")).toEqual(["10.1.2.2/24"]);
      expect(net.read("last_reserved_ip.0")).toBe("10.1.2.2");
    }
  });

  test("goes past a long row of taken addresses", () => {
    using net = network();
    for (let i = 2; i < 202; i++) net.write(`10.1.2.${i}`, `other-${i}\r\neth0`);
    expect(net.add("a")).toEqual(["10.1.2.202/24"]);
  });

  test("refuses a second address for the same interface, and keeps the first", () => {
    using net = network();
    net.add("a");
    const before = net.files();
    const error = refusal(() => net.add("a"));
    expect([error.code, error.message]).toEqual([
      999,
      "failed to allocate for range 0: 10.1.2.2 has been allocated to a, duplicate allocation is not allowed",
    ]);
    expect(net.files()).toEqual(before);
    expect(net.add("a", { ifname: "eth1" })).toEqual(["10.1.2.3/24"]);
  });

  test("takes a record without interface for a lease of the same container", () => {
    using net = network();
    net.write("10.1.2.9", "a\n");
    const message =
      "failed to allocate for range 0: 10.1.2.9 has been allocated to a, duplicate allocation is not allowed";
    expect(refusalOf(() => net.add("a"))).toEqual([999, message]);
  });

  test("takes back the first set's address when the second is full", () => {
    using net = network({ ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00::/126" }]] });
    for (const id of ["x", "y"]) net.write(`fd00::${id === "x" ? 2 : 3}`, `${id}\r\neth0`);
    const error = refusal(() => net.add("a"));
    expect(error.message).toStartWith("failed to allocate for range 1: no IP addresses available");
    expect(Object.keys(net.leases())).toEqual(["fd00::2", "fd00::3"]);
    expect(net.owned("a")).toEqual([]);
  });

  test("prepends ipRanges to the legacy range and that to ranges", () => {
    using net = network({ subnet: "10.1.3.0/24", ranges: [[{ subnet: "10.1.4.0/24" }]] });
    const conf = { runtimeConfig: { ipRanges: [[{ subnet: "10.1.5.0/24", rangeStart: "10.1.5.9" }]] } };
    expect(net.add("a", { conf })).toEqual(["10.1.5.9/24", "10.1.3.2/24", "10.1.4.2/24"]);
    expect(net.read("last_reserved_ip.2")).toBe("10.1.4.2");
  });

  test("decodes keys whatever their case, and copies routes and resolv.conf", () => {
    using net = network({});
    writeFileSync(join(net.root, "resolv.conf"), "nameserver 192.0.2.1\nsearch a b\n");
    const ipam = {
      Ranges: [[{ SUBNET: "10.1.2.0/24", Gateway: "" }]],
      routes: [{ dst: "0.0.0.0/0" }, { dst: "10.0.0.0/8", gw: "10.1.2.9", mtu: 1400 }],
      resolvConf: join(net.root, "resolv.conf"),
    };
    const { result } = net.begin("a", { ipam });
    expect(result.dns).toEqual({ nameservers: ["192.0.2.1"], search: ["a", "b"], options: [] });
    expect(result.routes.map(({ mtu }) => mtu)).toEqual([undefined, 1400]);
  });

  test("takes /dev/null for a resolv.conf with nothing in it, also through a link", () => {
    using net = network();
    symlinkSync("/dev/null", join(net.root, "resolv.conf"));
    for (const resolvConf of ["/dev/null", join(net.root, "resolv.conf")]) {
      const { result } = net.begin(`a${resolvConf.length}`, { ipam: { resolvConf } });
      expect(result.dns).toEqual({ nameservers: [], search: [], options: [] });
      net.status({ ipam: { resolvConf } });
    }
  });

  test("refuses a resolv.conf that is missing or no regular file, and leases nothing", () => {
    using net = network();
    for (const [resolvConf, text] of [
      ["/nowhere/x", "open /nowhere/x: no such file or directory"],
      ["/dev/zero", "/dev/zero"],
      [net.root, net.root],
    ] as const) {
      expect(refusal(() => net.status({ ipam: { resolvConf } })).code).toBe(7);
      const error = refusal(() => net.add("a", { ipam: { resolvConf } }));
      expect(error.code).toBe(7);
      expect(`${error.message} ${error.details}`).toContain(text);
    }
    expect(existsSync(net.dir)).toBe(false);
  });

  test("changes nothing when the configuration is wrong", () => {
    using net = network();
    const wrong = [
      { ipam: { ranges: [[{ subnet: "10.1.2.9/24" }]] } },
      { ipam: { ranges: [[{ subnet: "nonsense" }]] } },
      { ipam: { ranges: 5 } },
      { ipam: { routes: [{}] } },
      { ipam: { dataDir: 5 } },
      { conf: { ipam: undefined } },
      { conf: { berth: { lockTimeout: -1 } } },
      { conf: { runtimeConfig: { ips: ["x"] } } },
      { args: "IP=300.1.1.1" },
      { args: "FOO=1" },
    ];
    for (const options of wrong) expect([4, 6, 7]).toContain(refusal(() => net.add("a", options)).code);
    expect(existsSync(net.dataDir)).toBe(false);
  });

  test("records boot, time and pod in the attribute, and the link once it exists", () => {
    using net = network();
    const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=kube-system;K8S_POD_NAME=dns-0";
    const leased = net.begin("a", { args });
    const first = decodeOrigin(net.attribute("10.1.2.2") ?? "");
    expect(first).toMatchObject({ boot: expect.stringMatching(/^[0-9a-f]{12}$/), pod: "kube-system/dns-0" });
    expect(first?.veth).toBeUndefined();
    leased.attached({ name: "veth0", index: 9, sandboxCookie: "42" });
    expect(decodeOrigin(net.attribute("10.1.2.2") ?? "")).toEqual({
      ...first,
      veth: { name: "veth0", index: 9 },
      sandbox: "42",
    } as ReturnType<typeof decodeOrigin>);
    expect(net.owned("a")).toMatchObject([{ ours: true, link: { name: "veth0", index: 9 } }]);
  });

  test("attached() rewrites the lease it made and not another one under its name", () => {
    using net = network();
    const leased = net.begin("a");
    net.del("a");
    net.write("10.1.2.2", "b\r\neth0");
    leased.attached({ name: "veth0", index: 9 });
    expect(net.attribute("10.1.2.2")).toBeUndefined();
  });

  test("rollback() releases exactly what the ADD took", () => {
    using net = network(DUAL);
    net.add("other");
    const before = net.leases();
    const leased = net.begin("a");
    expect(addressesOf(leased)).toEqual(["10.1.2.3/24", "fd00::3/64"]);
    leased.rollback();
    expect(net.leases()).toEqual(before);
    expect(net.owned("a")).toEqual([]);
  });

  test("rollback() leaves an address that somebody else has by now", () => {
    using net = network();
    const leased = net.begin("a");
    net.del("a");
    net.write("10.1.2.2", "a\r\neth0");
    leased.rollback();
    expect(Object.keys(net.leases())).toEqual(["10.1.2.2"]);
  });
});

test("add() leases without an index where none can be kept", () => {
  using net = network();
  writeFileSync(join(net.root, "file"), "");
  for (const indexDir of ["/proc/nowhere/index", join(net.root, "file/index")]) {
    const conf = { berth: { indexDir } };
    const got = net.add("a", { conf });
    expect(refusal(() => net.add("a", { conf })).message).toContain(`${bare(got)[0]} has been allocated to a`);
    net.del("a", { conf });
    expect(net.leases()).toEqual({});
  }
});

test("add() names the directory that cannot be made", () => {
  using net = network();
  writeFileSync(net.dataDir, "");
  chmodSync(net.dataDir, 0o600);
  const error = refusal(() => net.add("a"));
  expect([error.code, error.message]).toEqual([5, expect.stringContaining(net.dataDir) as unknown as string]);
});
