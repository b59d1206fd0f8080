/** The order of an ADD's effects, and that a failing ADD takes back its own in reverse, over the fake host. */
import { describe, expect, test } from "bun:test";
import { EIO } from "../../../../src/base/errno.ts";
import { type Prefix, parsePrefix } from "../../../../src/base/ip.ts";
import type { CniError } from "../../../../src/spec/errors.ts";
import type { Result } from "../../../../src/spec/result.ts";
import { adding, expectNothingLeft, FULL, GATEWAY, LEASE, words } from "./added.ts";

const run = adding();

/** What takes an effect back; undefined for what others may use by now, and for settings of what is deleted. */
function inverseOf(effect: string): string | undefined {
  if (effect === "ipam ADD") return "ipam DEL";
  const veth = /^host: ip link add (\S+) .*type veth/.exec(effect);
  if (veth) return `host: ip link del ${veth[1]}`;
  return effect.startsWith("masquerade add") ? effect.replace("add", "remove") : undefined;
}

const isInverse = (effect: string) => /^(ipam DEL|host: ip link del|masquerade remove)/.test(effect);

test("add() takes a lease, then makes bridge, gateway, link and rules, then announces", () => {
  const { host } = run(FULL);
  expect(words(host.log)).toEqual([
    "ipam ADD",
    "host: ip link add br0 address MAC type bridge",
    "host: ip link set br0 alias berth",
    "host: try sysctl net/ipv6/conf/br0/accept_ra=0",
    "host: ip link set br0 up",
    "host: ip addr add 10.1.2.1/24 dev br0",
    "host: ip link set br0 address MAC",
    "host: sysctl net/ipv4/ip_forward=1",
    "host: ip link add veth1fadeca3 address MAC master br0 type veth peer name eth0 address MAC netns /run/netns/ctr",
    "ctr: try sysctl net/ipv6/conf/eth0/accept_dad=0",
    "ctr: ip addr add 10.1.2.3/24 dev eth0",
    "ctr: ip link set eth0 up && sysctl -w net.ipv4.conf.eth0.arp_notify=1",
    "ctr: ip route add 0.0.0.0/0 via 10.1.2.1 dev eth0",
    "host: ip neigh del 10.1.2.3 dev br0",
    "host: ip link set veth1fadeca3 addrgenmode none",
    "host: ip link set veth1fadeca3 alias berth:net/c1/eth0 up type bridge_slave hairpin on isolated off",
    "masquerade add net/c1/eth0",
    "ipam attached veth1fadeca3 N",
    "host: try sysctl net/ipv6/conf/veth1fadeca3/accept_ra=0",
    "ctr: ip link set eth0 address MAC",
  ]);
});

test("add() gives a result with bridge, host's end and container's end", () => {
  const { outcome } = run(FULL);
  const { interfaces, ips, routes } = outcome?.result ?? expect.unreachable("ADD failed");
  expect(interfaces.map(({ name, sandbox }) => [name, sandbox])).toEqual([
    ["br0", undefined],
    ["veth1fadeca3", undefined],
    ["eth0", "/run/netns/ctr"],
  ]);
  expect(ips).toEqual([{ address: parsePrefix("10.1.2.3/24") as Prefix, gateway: GATEWAY, interface: 2 }]);
  expect(routes).toEqual(LEASE.routes);
});

const DUAL: Result = {
  ...LEASE,
  ips: [...LEASE.ips, { address: parsePrefix("2001:db8::3/64") as Prefix }],
  routes: [],
};

describe.each([
  ["IPv4", FULL, LEASE],
  ["both families, as the default gateway", { ...FULL, isDefaultGateway: true, enabledad: true }, DUAL],
  ["no gateway", { ipam: { type: "ipam" } }, LEASE],
  ["no addresses", {}, LEASE],
  ["a link that stays down", { disableContainerInterface: true }, LEASE],
])("add() with %s", (_, conf, lease) => {
  const { host: done, outcome } = run(conf, {}, { lease });
  const effects = [...done.log];

  test("takes nothing back when it succeeds", () => {
    expect(outcome).toBeDefined();
    expect(effects.filter(isInverse)).toEqual([]);
    expect(done.inside()).toEqual(["eth0"]);
  });

  test("takes back what it made when the result cannot be delivered", () => {
    const { host, outcome } = run(conf, {}, { lease });
    outcome?.rollback?.();
    expect(host.log.slice(effects.length)).toEqual(expectedInverses(effects));
    expectNothingLeft(host);
  });

  test.each(effects.map((effect, k) => [k, effect] as const))(
    "takes back in reverse when effect %d fails: %s",
    (k, effect) => {
      const { host, thrown } = run(conf, { refuses: (_, index) => (index === k ? EIO : undefined) }, { lease });
      if (effect.includes(": try ")) {
        expect(thrown).toBeUndefined();
        return;
      }
      expect(thrown).toBeInstanceOf(Error);
      const made = effects.slice(0, k);
      // Rules that were refused may be there in part.
      if (effect.startsWith("masquerade add")) made.push(effect);
      const inverses = expectedInverses(made);
      expect(host.log.filter(isInverse)).toEqual(inverses);
      if (inverses.length) expect(host.log.slice(-inverses.length)).toEqual(inverses);
      expectNothingLeft(host);
      // Containers may be using these by now.
      if (made.some((one) => one.includes("type bridge"))) expect(host.findLink("br0")).toBeDefined();
    },
  );
});

function expectedInverses(made: readonly string[]): string[] {
  return made.flatMap((effect) => inverseOf(effect) ?? []).reverse();
}

test("add() says what could not be taken back, and takes back the rest", () => {
  const refuses = (effect: string) => (/masquerade add|ip link del/.test(effect) ? EIO : undefined);
  const { host, call, thrown } = run(FULL, { refuses });
  expect((thrown as CniError).message).toBe(
    "failed to masquerade 10.1.2.3/24: masquerade add net/c1/eth0: input/output error",
  );
  expect(host.log.slice(-3)).toEqual(["masquerade remove net/c1/eth0", "host: ip link del veth1fadeca3", "ipam DEL"]);
  expect(call.warnings).toEqual(["could not take back: ip link del veth1fadeca3: input/output error"]);
});

test("add() makes nothing when IPAM refuses", () => {
  const { host, thrown } = run(FULL, {
    refuses: (effect) => (effect === "ipam ADD" ? EIO : undefined),
  });
  expect(thrown).toMatchObject({ errno: EIO });
  expect(host.log).toEqual(["ipam ADD"]);
});

test("add() gives the lease back when it has no address in it", () => {
  const { host, thrown } = run(FULL, {}, { lease: { ...LEASE, ips: [] } });
  expect((thrown as CniError).message).toBe("IPAM plugin returned missing IP config");
  expect(host.log).toEqual(["ipam ADD", "ipam DEL"]);
});
