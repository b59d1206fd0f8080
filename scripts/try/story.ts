/** The story that `npm run try` tells. */
import { join, relative } from "node:path";
import type { Json } from "../../test/support/command.ts";
import { type Lab, openLab } from "../../test/support/lab.ts";
import { BIN } from "../../test/support/needs.ts";
import { attach, type Container, detach } from "./attachment.ts";
import { type ConfList, confined, readConfList } from "./conflist.ts";
import { bad, bold, dim, good, heading, say, transcript } from "./show.ts";

const ROOT = join(import.meta.dir, "../..");

/** What the story is about. */
interface Scene {
  readonly lab: Lab;
  readonly list: ConfList;
  readonly bridge: string;
}

interface Guest extends Container {
  readonly result: Json;
}

/**
 * Attaches two containers to the network of a configuration file, has them ping each other and their gateways, shows
 * what that made, and detaches them. False when somebody did not answer or something is left; throws when a step fails.
 */
export function play(file: string): boolean {
  using lab = openLab();
  const list = confined(readConfList(file), lab.dir);
  const bridge = String(list.plugins[0]?.bridge ?? "cni0");
  const scene = { lab, list, bridge };
  introduce(scene, file);
  const guests = ["one", "two"].map((name) => welcome(scene, name));
  showContainers(scene, guests);
  const answered = ping(scene, guests);
  showState(scene);
  for (const guest of guests) leave(scene, guest);
  return proveNothingLeft(scene, guests) && answered;
}

function introduce({ lab, bridge }: Scene, file: string): void {
  heading(`Two containers on a bridge: ${relative(ROOT, file)}`);
  say(`plugins      ${relative(ROOT, BIN) || BIN}`);
  say(`the host     network namespace ${lab.host}, bridge ${bridge}`);
  say(`leases       ${lab.store}`);
}

/** Makes a namespace as a runtime does, and has the plugins attach it. */
function welcome({ lab, list }: Scene, name: string): Guest {
  const guest = { name, ns: lab.container(), id: `try-${name}` };
  heading(`ADD container ${name} (network namespace ${guest.ns})`);
  const { result, ms } = attach(lab, list, guest);
  for (const { name: link, mac, sandbox } of result.interfaces) {
    say(`interface ${bold(link.padEnd(13))} ${mac}  ${dim(sandbox ? "in the container" : "on the host")}`);
  }
  for (const { address, gateway } of result.ips ?? []) say(`address   ${bold(address.padEnd(13))} gateway ${gateway}`);
  good(`attached in ${ms.toFixed(1)} ms`);
  return { ...guest, result };
}

function showContainers({ lab }: Scene, guests: readonly Guest[]): void {
  heading("What the containers have");
  for (const { ns } of guests) transcript(`ip -n ${ns} -br addr`, lab.sh(ns, "ip", "-br", "addr"));
}

/** From each container to the other and to its gateway. True when all answered. */
function ping({ lab }: Scene, guests: readonly Guest[]): boolean {
  heading("Who answers");
  const attempts = guests.flatMap((from) => targetsOf(from, guests).map((to) => ({ from, ...to })));
  return attempts
    .map(({ from, what, address }) => {
      const { status, stdout } = lab.attempt(from.ns, "ping", "-c1", "-W1", address);
      const line = `${from.name} → ${what.padEnd(8)} ${address.padEnd(12)}`;
      if (status === 0) good(`${line} ${/time=(\S+ ms)/.exec(stdout)?.[1]}`);
      else bad(`${line} no answer`);
      return status === 0;
    })
    .every((answered) => answered);
}

function targetsOf(from: Guest, guests: readonly Guest[]): { what: string; address: string }[] {
  const ips = (guest: Guest): Json[] => guest.result.ips ?? [];
  const gateways = ips(from).map(({ gateway }) => ({ what: "gateway", address: String(gateway) }));
  const others = guests.filter((guest) => guest !== from);
  const neighbours = others.flatMap((guest) =>
    ips(guest).map(({ address }) => ({ what: guest.name, address: String(address).replace(/\/.*/, "") })),
  );
  return [...gateways, ...neighbours];
}

function showState({ lab, list, bridge }: Scene): void {
  heading("On disk: one lease file for each address, its content the owner");
  for (const [address, owner] of Object.entries(lab.leases(list.name))) {
    say(`${join(list.name, address).padEnd(20)} ${JSON.stringify(owner)}`);
  }
  heading(`In the kernel: the ports of ${bridge}, their aliases naming the owner`);
  for (const { ifname, ifalias } of lab.ipj(lab.host, "link", "show", "master", bridge)) say(`${ifname}  ${ifalias}`);
  heading("In the kernel: what leaves the subnets is masqueraded, by one rule and one set for each");
  for (const family of ["ip", "ip6"]) {
    const { status, stdout } = lab.attempt(lab.host, "nft", "list", "table", family, "berth");
    if (status === 0) transcript(`nft list table ${family} berth`, stdout);
  }
}

function leave({ lab, list }: Scene, guest: Guest): void {
  heading(`DEL container ${guest.name}`);
  good(`detached in ${detach(lab, list, guest, guest.result).toFixed(1)} ms`);
}

/** Asks the disk and the kernel, not the plugin. */
function proveNothingLeft({ lab, list }: Scene, guests: readonly Guest[]): boolean {
  heading("What is left");
  for (const { ns } of guests) transcript(`ip -n ${ns} -br link`, lab.sh(ns, "ip", "-br", "link"));
  const leases = Object.keys(lab.leases(list.name)).length;
  const inside = guests.flatMap(({ ns }) => lab.ipj(ns, "link")).filter(({ ifname }) => ifname !== "lo");
  const outside = lab.ipj(lab.host, "link", "show", "type", "veth");
  const sets: Json[] = lab.nftj(lab.host).flatMap((row) => row.set ?? []);
  const elements = sets.reduce((sum, { elem = [] }) => sum + elem.length, 0);
  const links = inside.length + outside.length;
  const counts = `${leases} leases, ${links} interfaces, ${elements} rule elements`;
  const clean = leases + links + elements === 0;
  if (clean) good(bold(`nothing is left: ${counts}`));
  else bad(bold(`something is left: ${counts}`));
  return clean;
}
