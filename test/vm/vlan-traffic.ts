/** What VLANs are for, on a kernel that has them: who reaches whom, what CHECK sees, and what DEL leaves. */
import { expect } from "bun:test";
import { hostVethName } from "../../src/veth/names.ts";
import type { Json } from "../support/command.ts";
import type { Script } from "../support/vm/script.ts";
import type { Feature, Seen } from "./feature.ts";
import { begin, call, conf, netns, type Scenario } from "./sides.ts";

const only = (last: number) => {
  const address = `10.77.0.${last}`;
  return { type: "host-local", ranges: [[{ subnet: "10.77.0.0/24", rangeStart: address, rangeEnd: address }]] };
};

/** Two containers in VLAN 100, one in 200, and one with both on a trunk: all of one subnet, on one bridge. */
const APART: Scenario = {
  key: "apart",
  confs: {
    a: conf("apart", { name: "a", isGateway: false, vlan: 100, ipam: only(10) }),
    b: conf("apart", { name: "b", isGateway: false, vlan: 100, ipam: only(11) }),
    c: conf("apart", { name: "c", isGateway: false, vlan: 200, ipam: only(12) }),
    t: conf("apart", { name: "t", isGateway: false, vlanTrunk: [{ id: 100 }, { id: 200 }], ipam: {} }),
  },
};

/** A container with everything, on a bridge where somebody's half-made gateway interface is in the way. */
const ALL = conf("all", { vlan: 100, vlanTrunk: [{ minID: 300, maxID: 302 }], ipMasq: true, macspoofchk: true });
const WHOLE: Scenario = {
  key: "whole",
  confs: { a: ALL },
  before: `ip -n HOST link add lab0 type bridge vlan_filtering 1
ip -n HOST link add lab0.100 type veth peer name vethhalf`,
};
const PORT = hostVethName({ network: "labnet", containerId: "a", ifname: "eth0" });

function ping(all: Script, key: string, ns: string, address: string): void {
  all.step(key, `nsenter --net=/run/netns/${ns} ping -c1 -W1 ${address} >/dev/null`);
}

function traffic(all: Script): void {
  begin(all, "berth", APART);
  const [a = "", c = "", t = ""] = ["a", "c", "t"].map((id) => netns("apart", "berth", id));
  ping(all, "ping/100-100", a, "10.77.0.11");
  ping(all, "ping/100-200", a, "10.77.0.12");
  ping(all, "ping/200-100", c, "10.77.0.10");
  const tagged = `ip -n ${t} link add link eth0 name eth0.200 type vlan id 200
ip -n ${t} addr add 10.77.0.13/24 dev eth0.200
ip -n ${t} link set eth0.200 up`;
  all.step("tagged", tagged);
  ping(all, "ping/trunk-200", t, "10.77.0.12");
  ping(all, "ping/trunk-100", t, "10.77.0.10");
}

function life(all: Script): void {
  const host = netns("whole", "berth");
  const check = (when: string) => call(all, "berth", "CHECK", "whole", "a", ALL, `whole/check/${when}`);
  begin(all, "berth", WHOLE);
  ping(all, "ping/gateway", netns("whole", "berth", "a"), "10.77.0.1");
  all.step("whole/links", `ip -n ${host} -j addr show`);
  check("right");
  for (const vid of [100, 301]) {
    all.step(`whole/del/${vid}`, `bridge -n ${host} vlan del dev ${PORT} vid ${vid}`);
    check(`without-${vid}`);
    const flags = vid === 100 ? "pvid untagged" : "";
    all.step(`whole/add/${vid}`, `bridge -n ${host} vlan add dev ${PORT} vid ${vid} ${flags}`);
  }
  check("mended");
  call(all, "berth", "ADD", "whole", "a", ALL, "whole/add/again");
  check("after-refusal");
  call(all, "berth", "DEL", "whole", "a", ALL);
  all.step("whole/down", `ip -n ${host} -j link show`);
  all.step("whole/rules", `nsenter --net=/run/netns/${host} /bin/nft list ruleset`);
  all.step("whole/leases", "ls -1 /var/all-berth/labnet");
}

function added({ test, of, json }: Seen): void {
  test.each([
    ["100-100", true],
    ["100-200", false],
    ["200-100", false],
    ["trunk-200", true],
    ["trunk-100", false],
    ["gateway", true],
  ])("ADD lets through what it should: %s %p", (way, answered) => {
    for (const key of ["a", "b", "c", "t"]) json(`apart/berth/ADD/${key}`);
    expect(of("tagged").status).toBe(0);
    expect(of(`ping/${way}`).status === 0).toBe(answered);
  });

  test("ADD puts the gateway's address on the VLAN's interface, completing one that is there", () => {
    const { interfaces, ips } = json("whole/berth/ADD/a");
    const links = new Map<string, Json>(json("whole/links").map((link: Json) => [link.ifname, link]));
    const gateway = links.get("lab0.100");
    expect(interfaces[3]).toEqual({ name: "lab0.100", mac: gateway.address });
    expect(ips).toMatchObject([{ gateway: "10.77.0.1", interface: 2 }]);
    const global = (link: Json) => link.addr_info.filter(({ scope }: Json) => scope === "global");
    expect(global(gateway)).toMatchObject([{ local: "10.77.0.1", prefixlen: 24 }]);
    expect(global(links.get("lab0"))).toEqual([]);
    expect(links.get("vethhalf")).toMatchObject({ master: "lab0", operstate: "UP" });
  });
}

function checked({ test, of }: Seen): void {
  test.each(["right", "mended", "after-refusal"])(
    "CHECK says nothing of an attachment that is as it should be: %s",
    (when) => {
      expect(of(`whole/check/${when}`)).toEqual({ status: 0, stdout: "" });
    },
  );

  test.each([100, 301])("CHECK names VLAN %d, out of which the port was taken", (vid) => {
    expect(of(`whole/del/${vid}`).status).toBe(0);
    const { status, stdout } = of(`whole/check/without-${vid}`);
    expect([status, JSON.parse(stdout).msg]).toEqual([1, `port ${PORT} is not as configured: VLAN ${vid} is missing`]);
  });
}

function deleted({ test, of, json }: Seen): void {
  test("DEL leaves the bridge and its gateways, as the reference, and nothing of the container", () => {
    expect(of("whole/berth/DEL/a")).toEqual({ status: 0, stdout: "" });
    const names = json("whole/down").map((link: Json) => link.ifname);
    expect(names.sort()).toEqual(["lab0", "lab0.100", "lo", "vethhalf"]);
    expect(of("whole/rules").stdout).not.toMatch(/10\.77\.0\.2|cni-br-iface|macspoofchk/);
    expect(of("whole/leases").stdout.split("\n").sort()).toEqual(["last_reserved_ip.0", "lock"]);
  });
}

export const vlanTraffic: Feature = {
  title: "VLAN traffic",
  steps: (all) => {
    traffic(all);
    life(all);
  },
  tests: (seen) => {
    added(seen);
    checked(seen);
    deleted(seen);
  },
};
