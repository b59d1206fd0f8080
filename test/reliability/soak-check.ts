/** What must hold between two rounds of a soak. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { attempt, ipj } from "../support/command.ts";
import type { Lab } from "../support/lab.ts";
import { REFERENCE } from "../support/needs.ts";
import { indexFaults } from "./index-file.ts";
import type { Slot } from "./soak-slot.ts";

/** Every slot must be absent or attached. Returns what is twice, orphaned or missing. */
export function faultsOf(lab: Lab, slots: readonly Slot[]): string[] {
  return [
    ...addressFaults(slots),
    ...leaseFaults(lab, slots),
    ...linkFaults(lab, slots),
    ...ruleFaults(lab, slots),
    ...indexFaults(join(lab.dir, "index"), join(lab.store, "labnet")),
  ];
}

const attached = (slots: readonly Slot[]) => slots.filter(({ state }) => state === "attached");
const addressOf = ({ result }: Slot): string => result?.ips?.[0]?.address ?? "none";

/** No address is in two namespaces, and each is where its ADD said. */
function addressFaults(slots: readonly Slot[]): string[] {
  const found = slots.flatMap((slot) => {
    if (slot.ns === undefined) return [];
    const links = ipj(slot.ns, "-4", "addr", "show", "scope", "global");
    return links.flatMap(({ addr_info }) =>
      addr_info.map(({ local, prefixlen }: { local: string; prefixlen: number }) => ({
        slot,
        address: `${local}/${prefixlen}`,
      })),
    );
  });
  const wanted = new Map(attached(slots).map((slot) => [slot, addressOf(slot)]));
  return [
    ...found
      .filter(({ slot, address }) => wanted.get(slot) !== address)
      .map(({ slot, address }) => `${slot.id} has ${address}`),
    ...found
      .filter(({ address }, i) => found.findIndex((other) => other.address === address) !== i)
      .map(({ address }) => `DUPLICATE ${address}`),
    ...[...wanted]
      .filter(([slot]) => !found.some((one) => one.slot === slot))
      .map(([slot]) => `${slot.id} has lost its address`),
  ];
}

function leaseFaults(lab: Lab, slots: readonly Slot[]): string[] {
  const wanted = new Map(attached(slots).map((slot) => [addressOf(slot).split("/")[0], `${slot.id}\r\neth0`]));
  const directory = join(lab.store, "labnet");
  const strays = existsSync(lab.store) ? readdirSync(lab.store).filter((name) => name !== "labnet") : [];
  const found = lab.leases();
  const known = /^(lock|last_reserved_ip\.\d+|[0-9.]+)$/;
  const odd = existsSync(directory) ? readdirSync(directory).filter((name) => !known.test(name)) : [];
  return [
    ...[...strays, ...odd].map((name) => `file ${name}`),
    ...Object.entries(found)
      .filter(([ip, content]) => wanted.get(ip) !== content)
      .map(([ip, content]) => `lease ${ip} ${JSON.stringify(content)}`),
    ...[...wanted]
      .filter(([ip]) => found[ip ?? ""] === undefined)
      .map(([ip, content]) => `no lease ${ip} of ${content}`),
  ];
}

/** The kernel removes a veth some time after its namespace. */
function linkFaults(lab: Lab, slots: readonly Slot[]): string[] {
  const wanted = attached(slots)
    .map(({ result }) => result.interfaces[1].name)
    .sort();
  for (let left = 40; ; left--) {
    const found = ipj(lab.host, "link", "show", "type", "veth")
      .map(({ ifname }) => ifname)
      .sort();
    const extra = found.filter((name) => !wanted.includes(name));
    const missing = wanted.filter((name) => !found.includes(name));
    if (left === 0 || (extra.length === 0 && missing.length === 0)) {
      return [...extra.map((name) => `host link ${name}`), ...missing.map((name) => `no host link ${name}`)];
    }
    Bun.sleepSync(50);
  }
}

function ruleFaults(lab: Lab, slots: readonly Slot[]): string[] {
  const text = attempt(lab.host, "nft", "list", "ruleset").stdout + attempt(lab.host, "iptables-save").stdout;
  const named = new Set(text.match(/(?<=id: \\?"?)s\d+x\d+/g) ?? []);
  const wanted = attached(slots).filter(({ ipMasq, chain }) => ipMasq || chain.length > 0);
  const chains = text.match(/^:CNI-[0-9a-f]{16,}/gm)?.length ?? 0;
  const byReference = wanted.filter(({ by, ipMasq }) => ipMasq && by === REFERENCE).length;
  const accepted = (text.match(/(?<= -s )\S+(?=\/32 -j ACCEPT)/g) ?? []).sort();
  const firewalled = attached(slots).filter(({ chain }) => chain.some(({ type }) => type === "firewall"));
  const addresses = firewalled.map((slot) => addressOf(slot).replace(/\/.*/, "")).sort();
  return [
    ...[...named].filter((id) => !wanted.some((slot) => slot.id === id)).map((id) => `rule of ${id}`),
    ...wanted.filter(({ id }) => !named.has(id)).map(({ id }) => `no rule of ${id}`),
    ...(chains === byReference ? [] : [`${chains} iptables chains for ${byReference} attachments`]),
    ...(accepted.join() === addresses.join() ? [] : [`firewall accepts ${accepted}, attached are ${addresses}`]),
  ];
}

/** Takes away the empty lease files that killed calls of the reference leave, which nothing ever would: of which addresses. */
export function dropEmptyLeases(lab: Lab): string[] {
  const directory = join(lab.store, "labnet");
  const empty = Object.keys(lab.leases()).filter((ip) => readFileSync(join(directory, ip), "utf8").trim() === "");
  for (const ip of empty) rmSync(join(directory, ip));
  return empty;
}
