/** Differences after which the sides may go different ways. */
import type { Json } from "../support/command.ts";
import type { DifferenceClass, Pair, Seen } from "./classes.ts";
import type { Difference } from "./diff.ts";

const failed = ({ answer }: Seen) => answer.status !== 0;
const says = ({ answer }: Seen, text: RegExp) => answer.status !== 0 && text.test(answer.message ?? "");
const isState = ({ path }: Difference) => path[0] !== "answer";

/** The value at a path of a state. */
function at(state: Json, path: readonly string[]): Json {
  return path.reduce((value, key) => value?.[key], state);
}

/** That a side's call changed nothing at this place. */
function untouched({ path }: Difference, { before, after }: Seen): boolean {
  return JSON.stringify(at(before, path)) === JSON.stringify(at(after, path));
}

/** A class of calls of one verb that end differently; everything that follows from that is explained too. */
function differentEnd(name: string, verb: string | undefined, is: (pair: Pair) => boolean): DifferenceClass {
  return { name, cosmetic: false, explains: (_, pair) => (verb === undefined || pair.step.verb === verb) && is(pair) };
}

const onlyBerth = ({ berth, reference }: Pair) => !failed(berth) && failed(reference);
const onlyReference = ({ berth, reference }: Pair) => failed(berth) && !failed(reference);
const both = ({ berth, reference }: Pair) => failed(berth) && failed(reference);

const ADD: readonly DifferenceClass[] = [
  {
    name: "failed-add-leaves-nothing",
    cosmetic: false,
    explains: (d, pair) => pair.step.verb === "ADD" && both(pair) && isState(d) && untouched(d, pair.berth),
  },
  {
    name: "failed-add-leaves-nothing",
    cosmetic: false,
    // The bridge stays, but on the reference's side it has a port.
    explains: ({ path, berth, reference }, pair) =>
      pair.step.verb === "ADD" &&
      both(pair) &&
      path[0] === "host" &&
      path[1] === "links" &&
      berth !== undefined &&
      reference !== undefined &&
      /^(flags|operstate|mac)$/.test(path[3] ?? ""),
  },
  {
    name: "lease-first",
    cosmetic: false,
    explains: ({ path }, pair) =>
      pair.step.verb === "ADD" &&
      both(pair) &&
      path[0] === "files" &&
      /^[^/]+(\/(lock|last_reserved_ip\.\d+))?$/.test(path[1] ?? "") &&
      untouched({ path, berth: 0, reference: 0 }, pair.reference),
  },
  differentEnd(
    "default-route-without-gateway",
    "ADD",
    (pair) =>
      onlyBerth(pair) &&
      pair.conf.isDefaultGateway === true &&
      says(pair.reference, /failed to add route .*file exists/),
  ),
  differentEnd(
    "route-without-destination",
    "ADD",
    (pair) => onlyReference(pair) && says(pair.berth, /routes\[\d+\]\.dst is missing/),
  ),
  differentEnd(
    "own-namespace",
    undefined,
    ({ step, berth, reference }) => step.netns === "host" && failed(berth) && failed(reference),
  ),
];

const DEL: readonly DifferenceClass[] = [differentEnd("del-needs-no-valid-configuration", "DEL", onlyBerth)];

const CHECK: readonly DifferenceClass[] = [
  differentEnd("check-layer-2", "CHECK", (pair) => onlyBerth(pair) && says(pair.reference, /no plugin name provided/)),
  differentEnd(
    "check-routes-of-all-tables",
    "CHECK",
    (pair) => onlyBerth(pair) && says(pair.reference, /Expected Route .* Table:[1-9]/),
  ),
  {
    name: "check-order",
    cosmetic: true,
    explains: (d, pair) =>
      pair.step.verb === "CHECK" && both(pair) && d.path[0] === "files" && untouched(d, pair.berth),
  },
];

const UPKEEP: readonly DifferenceClass[] = [
  differentEnd("status-checks", "STATUS", onlyReference),
  {
    name: "gc-collects",
    cosmetic: false,
    explains: (d, pair) =>
      pair.step.verb === "GC" &&
      !failed(pair.berth) &&
      !failed(pair.reference) &&
      isState(d) &&
      untouched(d, pair.reference),
  },
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
    explains: ({ path }, { one }) => one.plugin === "loopback" && path[0] === "answer" && path[1] === "result",
  },
  {
    name: "null-is-no-configuration",
    cosmetic: true,
    explains: ({ path, berth, reference }, { step }) =>
      step.stdin === "null" && path[1] === "code" && berth === 6 && reference === 7,
  },
];

export const OUTCOME: readonly DifferenceClass[] = [...ADD, ...DEL, ...CHECK, ...UPKEEP, ...OTHER];
