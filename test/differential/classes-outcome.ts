/** Differences after which the sides may go different ways. */
import { leaseAddress, parseRecord } from "../../src/plugins/host-local/record.ts";
import type { Json } from "../support/command.ts";
import { type CallStep, containerId, hasPlugin } from "./case.ts";
import { differentEnd, endsWith, failed, isState, onlyBerth, onlyReference, says, untouched } from "./class-words.ts";
import type { DifferenceClass, Pair, Seen } from "./classes.ts";
import { ADD } from "./classes-add.ts";
import type { Difference } from "./diff.ts";

/** CNI_NETNS is the namespace that the plugin itself runs in. */
const OWN_NAMESPACE = differentEnd(
  "own-namespace",
  undefined,
  ({ step, berth: { answer } }) =>
    step.netns === "host" &&
    !/^(1|true)$/i.test(step.override ?? "") &&
    (step.verb === "DEL" ? answer.status === 0 : answer.code === 8),
);

/** Whether the call is about leases of host-local: loopback has no IPAM, whatever its configuration says. */
const leases = ({ one, conf }: Pair) =>
  one.plugin === "host-local" || (one.plugin === "bridge" && conf.ipam?.type === "host-local");
const leaseOf = (step: CallStep) => JSON.stringify(`${containerId(step)}\r\n${step.ifname ?? "eth0"}`);

/** That nothing of an attachment that is valid differs: of eth0, of a container in the list. */
function isInvalid({ path, berth, reference }: Difference, { step }: Pair): boolean {
  const [where, what = "", name = "", item = ""] = path;
  const { valid } = step;
  if (!valid) return false;
  const spared = (guest: string | undefined, ifname = "eth0") =>
    /^(eth0|lo)$/.test(ifname) && valid.some((one) => `${one}` === guest);
  if (where === "containers") return !spared(what, interfaceOf(name, item));
  if (where === "files" && what.endsWith("/lock")) return reference === undefined;
  if (where === "files") return berth === undefined && !spared(/"ct-(\d)\\r\\neth0"/.exec(reference)?.[1]);
  const [, guest, ifname] = /^port\(c(\d) (\S+)\)/.exec(name) ?? [];
  return what !== "links" || guest === undefined || !spared(guest, ifname);
}

/** What a link or a route of a container, as observe.ts notes them down, is about; undefined for the rest. */
function interfaceOf(kind: string, item: string): string | undefined {
  if (kind === "links") return item;
  return kind === "routes" ? JSON.parse(item).dev : undefined;
}

/**
 * That the reference's host-local frees more: everything when it knows no list, what names no owner always. And it makes the
 * directory.
 */
function isFreedByReference({ path: [where, what = ""], berth, reference }: Difference, { one, step }: Pair): boolean {
  if (one.plugin !== "host-local" || where !== "files") return false;
  if (berth === undefined) return /^[^/]+(\/lock)?$/.test(what);
  const listed = (step.valid ?? null) !== null && step.validKey === undefined;
  return reference === undefined && (!listed || !isLease(what, berth));
}

/** Whether a file, as observe.ts notes it down, is named after an address and names an owner. */
function isLease(path: string, file: string): boolean {
  const content: string = JSON.parse(file.slice(file.indexOf('"')));
  return leaseAddress(path.split("/")[1] ?? "") !== undefined && parseRecord(content.trim()) !== undefined;
}

const quietly = (pair: Pair) => !failed(pair.berth) && !failed(pair.reference);

const DEL: readonly DifferenceClass[] = [
  {
    name: "del-spares-others",
    cosmetic: false,
    explains: (_, pair) =>
      pair.step.verb === "DEL" &&
      keeps(pair.berth, pair.step) &&
      (!keeps(pair.reference, pair.step) || (pair.step.ifname === "lo" && !failed(pair.berth))),
  },
  differentEnd(
    "del-needs-no-valid-configuration",
    "DEL",
    (pair) =>
      onlyBerth(pair) &&
      // Without "ipam" the leases are looked for where they are by default.
      (!leases(pair) ||
        (pair.conf.ipam ?? null) === null ||
        !Object.values(pair.berth.after.files).some((file) => file.endsWith(leaseOf(pair.step)))),
  ),
  {
    name: "del-spares-older-leases",
    cosmetic: false,
    // Content without an interface: the reference frees it at a second pass, for a second range set.
    explains: ({ path, berth, reference }, pair) =>
      pair.step.verb === "DEL" &&
      quietly(pair) &&
      path[0] === "files" &&
      reference === undefined &&
      /"ct-\d"$/.test(berth),
  },
  {
    name: "del-goes-on",
    cosmetic: false,
    explains: (d, pair) =>
      pair.one.plugin === "ptp" &&
      pair.step.verb === "DEL" &&
      failed(pair.berth) &&
      failed(pair.reference) &&
      (d.path[0] === "host" || d.path[0] === "containers") &&
      d.berth === undefined &&
      untouched(d, pair.reference),
  },
  {
    name: "del-finds-the-port",
    cosmetic: false,
    // Without the namespace, or with the interface renamed in it, the host's end is found by its name and alias.
    explains: ({ path }, pair) =>
      pair.step.verb === "DEL" &&
      quietly(pair) &&
      (path[0] === "host" || path[0] === "containers") &&
      removed(pair.berth) > removed(pair.reference),
  },
];

/** Whether the container's interface of the call is there after it. */
function keeps({ after }: Seen, { guest, ifname = "eth0" }: CallStep): boolean {
  return after.containers[guest]?.links?.[ifname] !== undefined;
}

/** How many ports of the bridge a call has removed. */
const removed = ({ before, after }: Seen) => ports(before.host) - ports(after.host);
const ports = (host: Json) => Object.keys(host.links).filter((name) => name.startsWith("port(")).length;

/** Two IPv6 routes to one destination, which the kernel makes one. */
function hasJoinedRoutes({ ipam }: Json): boolean {
  const six = (ipam?.routes ?? []).flatMap(({ dst = "" }: Json) => (String(dst).includes(":") ? [dst] : []));
  return new Set(six).size < six.length;
}

/** The container's default route is in another table than the main one, as `sbr` leaves it. */
function hasMovedDefault({ berth, step }: Pair): boolean {
  const routes = Object.keys(berth.before.containers[step.guest]?.routes ?? {});
  return routes.map((route) => JSON.parse(route)).some(({ dst, table }) => dst === "default" && table !== undefined);
}

const CHECK: readonly DifferenceClass[] = [
  differentEnd(
    "bridge-mac-pinned",
    "CHECK",
    (pair) =>
      onlyBerth(pair) &&
      pair.step.prevResult !== "another bridge MAC" &&
      says(pair.reference, /Bridge interface .* Mac doesn't match/),
  ),
  differentEnd(
    "check-validates-configuration",
    "CHECK",
    (pair) => onlyReference(pair) && says(pair.berth, /MAC=nonsense/),
  ),
  differentEnd(
    "check-routes-of-all-tables",
    "CHECK",
    (pair) =>
      onlyBerth(pair) &&
      (says(pair.reference, /Expected Route .* Table:[1-9]/) ||
        (says(pair.reference, /Expected Route \{Dst:\{IP:\S+ Mask:0+\}/) && hasMovedDefault(pair))),
  ),
  differentEnd(
    "check-routes-as-made",
    "CHECK",
    (pair) =>
      onlyBerth(pair) &&
      (says(pair.reference, /Expected Route .* GW:(0\.0\.0\.0|::) /) ||
        (says(pair.reference, /Expected Route \{Dst:\{IP:\S*:/) && hasJoinedRoutes(pair.conf))),
  ),
  differentEnd(
    "check-reads-result",
    "CHECK",
    (pair) => onlyReference(pair) && pair.one.plugin === "host-local" && says(pair.berth, /prevResult/),
  ),
  {
    name: "check-order",
    cosmetic: false,
    explains: (d, pair) =>
      pair.step.verb === "CHECK" &&
      failed(pair.berth) &&
      failed(pair.reference) &&
      d.path[0] === "files" &&
      untouched(d, pair.berth),
  },
];

const UPKEEP: readonly DifferenceClass[] = [
  differentEnd("status-checks", "STATUS", (pair) => onlyReference(pair) && pair.berth.answer.code !== 999),
  {
    name: "gc-collects",
    cosmetic: false,
    explains: (d, pair) =>
      pair.step.verb === "GC" && quietly(pair) && isState(d) && (isInvalid(d, pair) || isFreedByReference(d, pair)),
  },
  differentEnd("gc-needs-no-valid-ranges", "GC", (pair) => onlyBerth(pair) && pair.one.plugin === "host-local"),
  differentEnd(
    "gc-reads-its-configuration",
    "GC",
    (pair) => onlyReference(pair) && /^[467]$/.test(String(pair.berth.answer.code)),
  ),
];

const OTHER: readonly DifferenceClass[] = [
  {
    name: "loopback-result-version",
    cosmetic: true,
    explains: (d, { one }) =>
      d.path[0] === "answer" &&
      d.path[1] === "result" &&
      (one.plugin === "loopback" || (hasPlugin(one, "loopback") && endsWith(d, "ips", "*", "version"))),
  },
  {
    name: "null-is-no-configuration",
    cosmetic: true,
    explains: ({ path, berth, reference }, { step }) =>
      step.stdin === "null" && path[1] === "code" && berth === 6 && reference === 7,
  },
];

export const OUTCOME: readonly DifferenceClass[] = [OWN_NAMESPACE, ...ADD, ...DEL, ...CHECK, ...UPKEEP, ...OTHER];
