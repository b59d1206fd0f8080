/** The life of two containers on a bridge with what a network may ask for, verb by verb, beside the reference's plugins. */
import { expect } from "bun:test";
import type { Script } from "../support/vm/script.ts";
import type { Feature, Seen } from "./feature.ts";
import { call, conf, netns, observe, outcome, prepare, type Scenario, SIDES, type Side } from "./sides.ts";

const DUAL = {
  type: "host-local",
  ranges: [[{ subnet: "10.77.0.0/24" }], [{ subnet: "fd00:77::/64" }]],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
};

/** A machine beyond the host's, which knows no way to the containers. */
const UPLINK = `ip netns add far-HOST
ip link add up0 netns HOST type veth peer name eth0 netns far-HOST
ip -n HOST addr add 192.0.2.1/24 dev up0
ip -n HOST addr add 2001:db8:2::1/64 dev up0 nodad
ip -n far-HOST addr add 192.0.2.2/24 dev eth0
ip -n far-HOST addr add 2001:db8:2::2/64 dev eth0 nodad
ip -n HOST link set up0 up
ip -n far-HOST link set eth0 up`;

/** Whom the container "a" asks. */
const WAYS: Record<string, string> = {
  gateway: "10.77.0.1",
  "gateway-6": "fd00:77::1",
  neighbour: "10.77.0.3",
  "neighbour-6": "fd00:77::3",
  far: "192.0.2.2",
  "far-6": "2001:db8:2::2",
};

interface Life {
  key: string;
  title: string;
  over: Record<string, unknown>;
  /** Who of those whom it asks is to answer, and who is not. */
  heard: string[];
  unheard: string[];
  /** Whether a container with another MAC address than its own is heard. */
  spoofed: boolean;
}

const NEAR = ["gateway", "gateway-6", "neighbour", "neighbour-6"];
const ALL = [...NEAR, "far", "far-6"];

const LIVES: Life[] = [
  { key: "dual", title: "dual stack", over: {}, heard: NEAR, unheard: ["far"], spoofed: true },
  {
    key: "masq",
    title: "ipMasq (nftables), macspoofchk",
    over: { ipMasq: true, ipMasqBackend: "nftables", macspoofchk: true },
    heard: ALL,
    unheard: [],
    spoofed: false,
  },
  {
    key: "iptables",
    title: "ipMasq (iptables)",
    over: { ipMasq: true, ipMasqBackend: "iptables" },
    heard: ALL,
    unheard: [],
    spoofed: true,
  },
];

function scenario({ key, over }: Life): Scenario {
  const one = conf(key, { cniVersion: "1.1.0", ipam: DUAL, ...over });
  return { key, confs: { a: one, b: one }, before: UPLINK };
}

/** After GC, the neighbour has no address any more. */
const withoutNeighbour = (ways: string[]) => ways.filter((way) => !way.startsWith("neighbour"));

/** Asks a second and a third time where an answer is expected: the reference's gateway is not reached at once. */
const ping = (ns: string, address: string, heard: boolean) =>
  `for i in 1 ${heard ? "2 3" : ""}; do nsenter --net=/run/netns/${ns} ping -c1 -W1 ${address} && break; done >/dev/null`;

/** Everything that a runtime asks for, in its order. */
function steps(all: Script, side: Side, life: Life): void {
  const { key } = life;
  const whole = scenario(life);
  const { a: one } = whole.confs;
  if (!one) throw new Error("the scenario has no container a");
  const step = (what: string) => `${key}/${side}/${what}`;
  const inside = netns(key, side, "a");
  prepare(all, side, whole);
  call(all, side, "STATUS", key, "a", one);
  for (const id of ["a", "b"]) call(all, side, "ADD", key, id, one);
  const ask = (when: string, ways: string[]) => {
    call(all, side, "CHECK", key, "a", one, step(`CHECK/${when}`));
    for (const way of ways)
      all.step(step(`ping/${when}/${way}`), ping(inside, WAYS[way] ?? "", life.heard.includes(way)));
  };
  ask("up", [...life.heard, ...life.unheard]);
  observe(all, side, key, "up");
  for (const family of ["-4", "-6"]) all.step(step(`routes${family}`), `ip -n ${inside} -j ${family} route show`);
  spoof(all, inside, step("spoofed"), life.spoofed);
  const valid = { "cni.dev/valid-attachments": [{ containerID: "a", ifname: "eth0" }] };
  call(all, side, "GC", key, "a", { ...one, ...valid });
  all.step(step("leases/collected"), `ls -1 /var/${key}-${side}/labnet`);
  ask("again", withoutNeighbour(life.heard));
  for (const [id, which] of ["a", "a", "b"].entries()) call(all, side, "DEL", key, which, one, step(`DEL/${id}`));
  observe(all, side, key, "down");
  all.step(step("leases/down"), `ls -1 /var/${key}-${side}/labnet`);
  all.step(step("rules"), `nsenter --net=/run/netns/${netns(key, side)} /bin/nft list ruleset`);
}

/** A ping from another MAC address, and the container's own again. */
function spoof(all: Script, inside: string, step: string, heard: boolean): void {
  all.step(
    step,
    `mac=$(ip -n ${inside} -j link show eth0 | sed 's/.*"address":"\\([^"]*\\)".*/\\1/')
ip -n ${inside} link set eth0 address 02:00:00:00:00:99
${ping(inside, WAYS.gateway ?? "", heard)}
status=$?
ip -n ${inside} link set eth0 address $mac
${["default via 10.77.0.1", "default via fd00:77::1"].map((route) => `ip -n ${inside} route replace ${route} dev eth0`).join("\n")}
exit $status`,
  );
}

const VERBS = ["STATUS/a", "ADD/a", "ADD/b", "CHECK/up", "GC/a", "CHECK/again", "DEL/0", "DEL/1", "DEL/2"];

function tests({ test, of, json }: Seen, life: Life): void {
  const { key } = life;
  const each = test.each(SIDES.map((side) => [side]));

  each("%s: every verb succeeds, DEL again and again", (side) => {
    const answers = VERBS.map((verb) => [verb, of(`${key}/${side}/${verb}`)]);
    const silent = { status: 0, stdout: "" };
    expect(answers).toEqual(VERBS.map((verb) => [verb, verb.startsWith("ADD") ? expect.anything() : silent]));
  });

  each("%s: those answer who should, after a GC too", (side) => {
    const answered = (when: string, ways: string[]) =>
      ways.filter((way) => of(`${key}/${side}/ping/${when}/${way}`).status === 0);
    expect(answered("up", [...life.heard, ...life.unheard])).toEqual(life.heard);
    expect(answered("again", withoutNeighbour(life.heard))).toEqual(withoutNeighbour(life.heard));
    expect(of(`${key}/${side}/spoofed`).status === 0).toBe(life.spoofed);
  });

  test("results, links, addresses and routes are the reference's", () => {
    const [ours, theirs] = SIDES.map((side) => ({
      ...outcome({ of, json }, side, { ...scenario(life), deleted: ["DEL/0", "DEL/1", "DEL/2"] }),
      routes: ["-4", "-6"].map((family) => json(`${key}/${side}/routes${family}`)),
    }));
    expect(ours).toEqual(theirs);
  });

  const leases = (side: Side, when: string) => of(`${key}/${side}/leases/${when}`).stdout.match(/^\S+7\S+$/gm) ?? [];

  test("GC takes the addresses of those that it is not told of", () => {
    expect(leases("berth", "collected").sort()).toEqual(["10.77.0.2", "fd00:77::2"]);
  });

  each("%s: DEL takes the others", (side) => {
    expect(leases(side, "down")).toEqual([]);
  });

  test("no rule is left", () => {
    expect(of(`${key}/berth/rules`).stdout).not.toMatch(/10\.77\.0\.[23]\b|fd00:77::[23]\b|CNI-|cni-br-iface/);
  });
}

export const LIFE: Feature[] = LIVES.map((life) => ({
  title: life.title,
  steps: (all) => {
    for (const side of SIDES) steps(all, side, life);
  },
  tests: (seen) => tests(seen, life),
}));
