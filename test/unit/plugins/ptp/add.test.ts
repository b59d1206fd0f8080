/** The order of an ADD's effects, and that one that fails anywhere takes back its own, over the fake host. */
import { afterAll, expect, test } from "bun:test";
import { EIO } from "../../../../src/base/errno.ts";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../../../src/base/ip.ts";
import { add } from "../../../../src/plugins/ptp/add.ts";
import { readRemains } from "../../../../src/plugins/ptp/config.ts";
import type { Result } from "../../../../src/spec/result.ts";
import { del } from "../../../../src/veth/del.ts";
import { executables } from "../../../support/executables.ts";
import { type Cues, fakeHost } from "../../../support/fakehost.ts";
import { fakePlugin } from "../../../support/plugin-fake.ts";
import { bridgeCall } from "../bridge/call.ts";

const prefix = (text: string) => parsePrefix(text) as Prefix;
const LEASE: Result = {
  interfaces: [],
  ips: [
    { address: prefix("10.1.2.3/24"), gateway: parseIp("10.1.2.1") as Ip },
    { address: prefix("fd00::3/64"), gateway: parseIp("fd00::1") as Ip },
  ],
  routes: [{ dst: prefix("0.0.0.0/0") }],
  dns: { search: ["of.ipam"] },
};

const path = executables();
path.self("ipam");
afterAll(() => path[Symbol.dispose]());

function run(cues: Cues = {}, conf: Record<string, unknown> = {}) {
  const host = fakeHost(cues);
  // Each IPv6 address is taken up at once.
  for (const space of [host, host.openSandbox("")]) Object.assign(space, { ask: () => true });
  const ipam = fakePlugin({
    name: "ipam",
    ADD: () => {
      host.effect("ipam ADD");
      return { result: LEASE };
    },
    DEL: () => host.effect("ipam DEL"),
  });
  const own = { ipMasq: true, ipam: { type: "ipam" }, ...conf };
  const call = bridgeCall({ conf: own, env: { CNI_PATH: path.dir }, delegates: [ipam] });
  try {
    return { host, call, outcome: add(call, host), thrown: undefined };
  } catch (error) {
    return { host, call, outcome: undefined, thrown: error };
  }
}

test("add() takes a lease, then makes pair, routes of both sides and rules", () => {
  const { host } = run();
  const words = host.log.map((line) =>
    line.replace(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, "MAC").replace(/fe80::[0-9a-f:]+/, "fe80::LINK"),
  );
  expect(words).toEqual([
    "ipam ADD",
    "host: sysctl net/ipv4/ip_forward=1",
    "host: sysctl net/ipv6/conf/all/forwarding=1",
    "host: ip link add veth1fadeca3 address MAC type veth peer name eth0 address MAC netns /run/netns/ctr",
    "ctr: sysctl net/ipv6/conf/eth0/keep_addr_on_down=1",
    "ctr: ip addr add 10.1.2.3/24 dev eth0",
    "ctr: ip addr add fd00::3/64 dev eth0",
    "ctr: ip link set eth0 up",
    "ctr: ip route add 0.0.0.0/0 via 10.1.2.1 dev eth0",
    "ctr: ip route del 10.1.2.0/24 dev eth0 proto kernel scope link",
    "ctr: ip route add 10.1.2.1/32 dev eth0 src 10.1.2.3",
    "ctr: ip route add 10.1.2.0/24 via 10.1.2.1 dev eth0 src 10.1.2.3",
    "ctr: ip route del fd00::/64 dev eth0 proto kernel scope link",
    "ctr: ip route add fd00::1/128 dev eth0 src fd00::3",
    "ctr: ip route add fd00::/64 via fd00::1 dev eth0 src fd00::3",
    "host: try sysctl net/ipv6/conf/veth1fadeca3/accept_ra=0",
    "host: ip addr add fe80::LINK/64 dev veth1fadeca3",
    "host: ip link set veth1fadeca3 alias berth:net/c1/eth0",
    "host: ip link set veth1fadeca3 up",
    "host: ip addr add 10.1.2.1/32 dev veth1fadeca3",
    "host: ip route add 10.1.2.3/32 dev veth1fadeca3",
    "host: ip addr add fd00::1/128 dev veth1fadeca3",
    "host: ip route add fd00::3/128 dev veth1fadeca3",
    "masquerade add net/c1/eth0",
  ]);
});

test("add() gives a result with host's end and container's end", () => {
  const { interfaces, ips, dns } = run().outcome?.result ?? expect.unreachable("ADD failed");
  expect(interfaces.map(({ name, sandbox }) => [name, sandbox])).toEqual([
    ["veth1fadeca3", undefined],
    ["eth0", "/run/netns/ctr"],
  ]);
  expect(ips.map((one) => one.interface)).toEqual([1, 1]);
  expect(dns).toEqual({ search: ["of.ipam"] });
  expect(run({}, { dns: { search: [] } }).outcome?.result.dns).toEqual({ search: [] });
});

const EFFECTS = run().host.log.filter((effect) => !/try sysctl|fe80::/.test(effect));
test.each(EFFECTS.map((effect, i) => [i, effect.replace(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, "MAC")] as const))(
  "add() leaves nothing when effect %d fails: %s",
  (_, failing) => {
    const refuses = (text: string) =>
      text.replace(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, "MAC") === failing ? EIO : undefined;
    const { host, thrown } = run({ refuses });
    expect(thrown).toBeInstanceOf(Error);
    expect([host.inside(), host.listLinks(), [...host.masqueraded]]).toEqual([[], [], []]);
    if (failing !== "ipam ADD") expect(host.log.at(-1)).toBe("ipam DEL");
  },
);

test("del() removes rules, then the pair, then the address, and can be repeated", () => {
  const { host, call } = run();
  for (let times = 0; times < 2; times++) {
    host.log.length = 0;
    del(call, host, readRemains(call.config));
    expect(host.log.at(-1)).toBe("ipam DEL");
    expect([host.inside(), host.listLinks(), [...host.masqueraded]]).toEqual([[], [], []]);
  }
});
