/** What VLANs are for, on a kernel that has them: who reaches whom, and that nothing is left of what fails. */
import { describe, expect } from "bun:test";
import { cniError } from "../support/cni-error.ts";
import type { Json } from "../support/command.ts";
import { built, isMet, needs, reference } from "../support/needs.ts";
import { virtualMachine } from "../support/vm/machine.ts";
import { type Script, script, type Transcript } from "../support/vm/script.ts";
import { begin, call, conf, netns, observe, PRELUDE, type Scenario } from "./sides.ts";

const NEEDS = [built, reference, virtualMachine];

const ipamOf = (last: number) => {
  const address = `10.77.0.${last}`;
  return { type: "host-local", ranges: [[{ subnet: "10.77.0.0/24", rangeStart: address, rangeEnd: address }]] };
};

/** Two containers in VLAN 100, one in 200, one with both on a trunk, all of one subnet without a gateway. */
const APART: Scenario = {
  key: "apart",
  confs: {
    a: conf("apart", { name: "a", isGateway: false, vlan: 100, ipam: ipamOf(10) }),
    b: conf("apart", { name: "b", isGateway: false, vlan: 100, ipam: ipamOf(11) }),
    c: conf("apart", { name: "c", isGateway: false, vlan: 200, ipam: ipamOf(12) }),
    t: conf("apart", { name: "t", isGateway: false, vlanTrunk: [{ id: 100 }, { id: 200 }], ipam: {} }),
  },
};

const ROUTED: Scenario = { key: "routed", confs: { a: conf("routed", { vlan: 100, ipMasq: true, macspoofchk: true }) } };

const ping = (script: Script, key: string, ns: string, address: string) =>
  script.step(key, `ip netns exec ${ns} ping -c1 -W1 ${address} >/dev/null`);

function traffic(all: Script): void {
  begin(all, "berth", APART);
  const [a, c, t] = ["a", "c", "t"].map((id) => netns("apart", "berth", id)) as [string, string, string];
  ping(all, "same", a, "10.77.0.11");
  ping(all, "other", a, "10.77.0.12");
  ping(all, "other-back", c, "10.77.0.10");
  const tagged = ["ip link add link eth0 name eth0.200 type vlan id 200", "ip addr add 10.77.0.13/24 dev eth0.200", "ip link set eth0.200 up"];
  all.step("trunk/link", `ip netns exec ${t} sh -ec '${tagged.map((line) => `/bin/${line}`).join(";")}'`);
  ping(all, "trunk/in", t, "10.77.0.12");
  ping(all, "trunk/out", t, "10.77.0.10");
}

/** CHECK of what is right, then of a port that was taken out of its VLAN; a second ADD; DEL by either. */
function life(all: Script): void {
  const one = ROUTED.confs.a as Json;
  begin(all, "berth", ROUTED);
  const [host, container] = [netns("routed", "berth"), netns("routed", "berth", "a")];
  ping(all, "gateway", container, "10.77.0.1");
  all.step("indexes", `ip netns exec ${host} ip -j link show`);
  check(all, "check/right", one);
  const port = `ip netns exec ${host} ip -j link show | sed 's/.*"\\(veth[0-9a-f]*\\)"[^}]*"master":"lab0","[^}]*"link_netnsid.*/\\1/'`;
  all.step("port", port);
  all.step("check/leave", `ip netns exec ${host} bridge vlan del dev $(${port}) vid 100`);
  check(all, "check/wrong", one);
  call(all, "berth", "ADD", "routed", "a", one);
  observe(all, "berth", "routed", "again");
  call(all, "berth", "DEL", "routed", "a", one);
  observe(all, "berth", "routed", "down");
  all.step("rules", `ip netns exec ${host} nft list ruleset`);
}

function check(all: Script, key: string, one: Json): void {
  const text = JSON.stringify(one).replaceAll("SIDE", "berth");
  const result = `$(cat /var/routed.result)`;
  all.step(key, `echo '${text.slice(0, -1)}',"prevResult":"${result}"'}' >/dev/null; plugin_check "${result}" '${text}'`);
}

const transcript = NEEDS.every(isMet) ? await run() : undefined;

async function run(): Promise<Transcript> {
  const all = script(PRELUDE);
  traffic(all);
  life(all);
  const transcript = await all.run();
  console.log(`Linux ${transcript.release} in a virtual machine: ${transcript.seconds.toFixed(1)} s`);
  return transcript;
}
