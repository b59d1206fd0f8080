/** Intended differences of portmap. */

import type { Json } from "../support/command.ts";
import { hasPlugin } from "./case.ts";
import { confOf, differentEnd, failed, onlyBerth, onlyReference, says } from "./class-words.ts";
import type { DifferenceClass, Pair, Seen } from "./classes.ts";
import type { Difference } from "./diff.ts";

const isPortmap = ({ one }: Pair) => one.plugin === "portmap";
const isMapping = (path: readonly string[]) => path[0] === "host" && (path[1] === "ports" || path[1] === "iptables");

/** The container that a mapping leads to, by its ID. */
const idOf = (target: string | undefined) => /\((.*)\)$/.exec(target ?? "")?.[1];

export const PORTMAP: readonly DifferenceClass[] = [
  {
    name: "portmap-nftables-by-default",
    cosmetic: true,
    // Where the ports lead to is compared whatever keeps them.
    explains: ({ path, berth }, pair) =>
      hasPlugin(pair.one, "portmap") &&
      path[0] === "host" &&
      path[1] === "iptables" &&
      berth === undefined &&
      !asksIptables(confOf(pair, "portmap")),
  },
  differentEnd(
    "portmap-nftables-by-default",
    undefined,
    (pair) => isPortmap(pair) && onlyBerth(pair) && says(pair.reference, /contains nftables-specific options/),
  ),
  differentEnd(
    "portmap-conditions-in-part",
    undefined,
    (pair) => isPortmap(pair) && onlyReference(pair) && says(pair.berth, /^conditionsV[46]: "/),
  ),
  {
    name: "portmap-conditions-of-each",
    cosmetic: false,
    explains: ({ path: [, what, port = ""], berth, reference }, pair) =>
      isPortmap(pair) &&
      pair.step.verb === "ADD" &&
      what === "ports" &&
      [pair.berth, pair.reference].some((side) => isElsewhere(side, port, berth ?? reference)),
  },
  {
    name: "newest-has-the-port",
    cosmetic: false,
    explains: ({ path, berth, reference }, pair) =>
      isPortmap(pair) &&
      pair.step.verb === "ADD" &&
      path[1] === "ports" &&
      idOf(berth) === `ct-${pair.step.guest}` &&
      reference !== undefined &&
      idOf(berth) !== idOf(reference),
  },
  {
    name: "portmap-add-replaces",
    cosmetic: false,
    explains: ({ path }, pair) =>
      isPortmap(pair) && pair.step.verb === "ADD" && isMapping(path) && hadPorts(pair.reference, pair.step.guest),
  },
  {
    name: "portmap-interfaces-apart",
    cosmetic: false,
    explains: (d, pair) =>
      isPortmap(pair) && pair.step.ifname !== undefined && d.path[1] === "iptables" && isNameAlone(d, pair),
  },
  {
    name: "portmap-del-by-owner",
    cosmetic: false,
    explains: ({ path }, pair) => isPortmap(pair) && pair.step.verb === "DEL" && !failed(pair.berth) && isMapping(path),
  },
  differentEnd("portmap-del-by-owner", "DEL", (pair) => isPortmap(pair) && onlyBerth(pair)),
  {
    name: "portmap-gc-and-status",
    cosmetic: false,
    explains: ({ path, reference }, pair) =>
      isPortmap(pair) && pair.step.verb === "GC" && isMapping(path) && reference !== undefined,
  },
  differentEnd(
    "portmap-check-by-mapping",
    "CHECK",
    (pair) => isPortmap(pair) && onlyBerth(pair) && says(pair.reference, /could not check ipv[46] dnat/),
  ),
  differentEnd(
    "portmap-check-by-mapping",
    "CHECK",
    (pair) =>
      isPortmap(pair) &&
      onlyReference(pair) &&
      pair.conf.backend === "nftables" &&
      says(pair.berth, /host port .* (leads to|is not in map)/),
  ),
  differentEnd(
    "portmap-reads-all",
    undefined,
    (pair) => isPortmap(pair) && onlyBerth(pair) && says(pair.reference, /Bad argument `'/),
  ),
  differentEnd(
    "portmap-reads-all",
    undefined,
    (pair) => isPortmap(pair) && onlyReference(pair) && /^[67]$/.test(String(pair.berth.answer.code)),
  ),
];

/** Whether a port leads to the same as another does, under another condition. */
function isElsewhere({ after }: Seen, port: string, target: string | undefined): boolean {
  const plain = (text: string) => text.split(" where ")[0];
  const entries = Object.entries(after.host.ports as Record<string, string>);
  return entries.some(([other, to]) => other !== port && plain(other) === plain(port) && to === target);
}

/** Whether a container had mapped ports before, or rules that an ADD that failed has left and to which nothing leads yet. */
function hadPorts({ before }: Seen, guest: number): boolean {
  const rules: string[] = Object.values(before.host.iptables);
  return (
    Object.values(before.host.ports).some((target) => idOf(target as string) === `ct-${guest}`) ||
    rules.some((text) => new RegExp(`--to-destination (10\\.77\\.0\\.|\\[fd77::)${9 + guest}\\b`).test(text))
  );
}

/** Whether the other side has the same under another name of the container's chain. */
function isNameAlone({ path, berth, reference }: Difference, pair: Pair): boolean {
  const unnamed = (text = "") => text.replace(/CNI-DN-[0-9a-f]{21}/g, "");
  if (berth !== undefined && reference !== undefined) return unnamed(berth) === unnamed(reference);
  const others = (berth === undefined ? pair.berth : pair.reference).after.host.iptables;
  return /CNI-DN-/.test(path[2] ?? "") && Object.values(others).includes(berth ?? reference);
}

/** Whether iptables keeps the mappings in berth too. */
function asksIptables(conf: Json): boolean {
  const first = (conf.conditionsV4 ?? [])[0] ?? "";
  return conf.backend === "iptables" || conf.externalSetMarkChain !== undefined || /^[-!]/.test(first);
}
