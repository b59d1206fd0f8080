/** The rows of docs/reliability.md: what is tried with berth and with the reference. */
import { type Failing, fail } from "./errors.ts";
import { fuzz } from "./fuzz.ts";
import { fuzzNetlink } from "./fuzz-netlink.ts";
import { type Killing, kill } from "./kills.ts";
import { soak } from "./soak.ts";
import { type Subject, trouble } from "./subject.ts";
import { SUBJECTS } from "./subjects.ts";
import { merged, type Tally } from "./tally.ts";

export interface Row {
  /** `npm run reliability ID` runs it. */
  readonly id: string;
  readonly what: string;
  /** With the plugins in `bin`; `reference` is the directory of the reference's. */
  ours(bin: string, reference: string): Tally | Promise<Tally>;
  /** The same with the reference's, and berth's in `bin` where both are needed; absent where that cannot be. */
  theirs?(reference: string, bin: string): Tally | Promise<Tally>;
  /** The reference is tried at every nth system call only, for time: its calls are many and slow. */
  readonly theirStep?: number;
}

type Verb = Killing["verb"];

/** How the calls of a row differ from a plain one of `bridge`. */
type Kind = "" | "masq" | "ipam" | "first" | "ptp" | "register";
const TEXTS: Record<Kind, string> = {
  "": "",
  masq: " with ipMasq",
  ipam: " of `host-local` alone",
  first: " with ipMasq, the first on its machine",
  ptp: " of `ptp` with ipMasq",
  register: " that registers",
};
const optionsOf = (kind: Kind) =>
  ({
    ipMasq: kind === "masq" || kind === "first" || kind === "ptp",
    plugin: kind === "ipam" ? "host-local" : kind === "ptp" ? "ptp" : "bridge",
    cold: kind === "first",
    registers: kind === "register",
  }) as const;
const idOf = (...parts: string[]) => parts.filter(Boolean).join("-").toLowerCase();

/** What the reference has no such thing of is tried with berth alone. */
const alone = ({ id, what, ours }: Row): Row => ({ id, what, ours });

function killing(verb: Verb, kind: Kind, signals: Killing["signal"][], theirStep: number): Row {
  const run = (bin: string, step: number) =>
    merged(signals.map((signal) => kill({ bin, verb, ...optionsOf(kind), signal, step })));
  return {
    id: idOf(signals.includes("KILL") ? "kill" : "term", kind, verb),
    what: `${signals.map((signal) => `SIG${signal}`).join(" and ")} at every system call of ${verb}${TEXTS[kind]}`,
    ours: (bin) => run(bin, 1),
    theirs: (reference) => run(reference, theirStep),
    theirStep,
  };
}

const ERRNOS: Failing["errno"][] = ["EIO", "ENOSPC", "ENOMEM", "EINTR"];

function failing(verb: "ADD" | "DEL", kind: Kind, theirStep: number): Row {
  const run = (bin: string, step: number) =>
    merged(ERRNOS.map((errno) => fail({ bin, verb, ...optionsOf(kind), errno, step })));
  return {
    id: idOf("error", kind, verb),
    what: `${ERRNOS.join(", ")} at every file and network call of ${verb}${TEXTS[kind]}`,
    ours: (bin) => run(bin, 1),
    theirs: (reference) => run(reference, theirStep),
    theirStep,
  };
}

/** No EINTR: to repeat an interrupted call for ever is right. */
const LASTING: Failing["errno"][] = ["EIO", "ENOSPC", "ENOMEM"];

function lasting(verb: "ADD" | "DEL", kind: Kind, theirStep: number): Row {
  const run = (bin: string, step: number) =>
    merged(LASTING.map((errno) => fail({ bin, verb, ...optionsOf(kind), errno, step, lasting: true })));
  return {
    id: idOf("lasting", kind, verb),
    what: `${LASTING.join(", ")} at every file and network call of ${verb}${TEXTS[kind]} and all later ones of its name`,
    ours: (bin) => run(bin, 1),
    theirs: (reference) => run(reference, theirStep),
    theirStep,
  };
}

type Trouble = "kill" | "term" | "error" | "lasting";
const TROUBLES: Record<Trouble, readonly string[]> = {
  kill: ["signal=KILL"],
  term: ["signal=TERM", "signal=INT"],
  error: ERRNOS.map((one) => `error=${one}`),
  lasting: LASTING.map((one) => `error=${one}`),
};
const WHAT: Record<Trouble, (verb: string) => string> = {
  kill: (verb) => `SIGKILL at every system call of ${verb}`,
  term: (verb) => `SIGTERM and SIGINT at every system call of ${verb}`,
  error: (verb) => `${ERRNOS.join(", ")} at every file and network call of ${verb}`,
  lasting: (verb) => `${LASTING.join(", ")} at every file and network call of ${verb} and all later ones of its name`,
};

/** A row of another plugin than bridge. */
function row(subject: Subject, kind: Trouble, verb: "ADD" | "DEL", theirStep: number): Row {
  const run = (bin: string, step: number) =>
    merged(
      TROUBLES[kind].map((one) => trouble(subject, { bin, verb, trouble: one, step, lasting: kind === "lasting" })),
    );
  return {
    id: idOf(kind, subject.plugin, verb),
    what: `${WHAT[kind](verb)} of \`${subject.plugin}\``,
    ours: (bin) => run(bin, 1),
    theirs: (reference) => run(reference, theirStep),
    theirStep,
  };
}

/** The rows of such a plugin. The reference's calls of iptables are many: it is tried at every `theirStep`th call. */
function rowsOf(subject: Subject, theirStep: number): Row[] {
  return [
    row(subject, "kill", "ADD", theirStep),
    row(subject, "kill", "DEL", theirStep),
    row(subject, "term", "ADD", 2 * theirStep),
    row(subject, "error", "ADD", theirStep),
    row(subject, "error", "DEL", theirStep),
    row(subject, "lasting", "ADD", 2 * theirStep),
    row(subject, "lasting", "DEL", 2 * theirStep),
  ];
}

const OPERATIONS = 10_000;
/** Of the reference where 10,000 take an hour. */
const ITS_OPERATIONS = 1500;
const SEED = 2026;

export const ROWS: readonly Row[] = [
  killing("ADD", "", ["KILL"], 1),
  killing("ADD", "masq", ["KILL"], 1),
  killing("ADD", "ipam", ["KILL"], 1),
  killing("ADD", "first", ["KILL"], 32),
  killing("DEL", "", ["KILL"], 1),
  killing("DEL", "masq", ["KILL"], 1),
  killing("DEL", "ipam", ["KILL"], 1),
  killing("GC", "masq", ["KILL"], 16),
  killing("ADD", "", ["TERM", "INT"], 16),
  killing("ADD", "masq", ["TERM", "INT"], 32),
  killing("ADD", "first", ["TERM", "INT"], 64),
  killing("DEL", "masq", ["TERM", "INT"], 32),
  killing("GC", "masq", ["TERM", "INT"], 32),
  failing("ADD", "", 4),
  failing("ADD", "masq", 32),
  failing("ADD", "first", 32),
  failing("ADD", "ipam", 4),
  failing("DEL", "", 4),
  failing("DEL", "masq", 32),
  failing("DEL", "ipam", 4),
  killing("ADD", "ptp", ["KILL"], 8),
  killing("DEL", "ptp", ["KILL"], 8),
  killing("ADD", "ptp", ["TERM", "INT"], 16),
  failing("ADD", "ptp", 16),
  failing("DEL", "ptp", 16),
  lasting("ADD", "ptp", 16),
  lasting("DEL", "ptp", 16),
  ...(["ADD", "DEL", "GC"] as const).map((verb) => alone(killing(verb, "register", ["KILL"], 1))),
  alone(killing("ADD", "register", ["TERM", "INT"], 1)),
  ...(["ADD", "DEL"] as const).flatMap((verb) => [
    alone(failing(verb, "register", 1)),
    alone(lasting(verb, "register", 1)),
  ]),
  ...rowsOf(SUBJECTS.bandwidth, 16),
  ...rowsOf(SUBJECTS.firewall, 16),
  ...rowsOf(SUBJECTS.portmap, 16),
  ...rowsOf(SUBJECTS.tuning, 4),
  lasting("ADD", "", 8),
  lasting("ADD", "masq", 32),
  lasting("DEL", "masq", 32),
  {
    id: "soak",
    what: "ADD, DEL, CHECK, GC, kills and namespace deletions, 12 at once, checked after every round",
    ours: (bin) => soak({ bin, operations: OPERATIONS }),
    theirs: (bin) => soak({ bin, operations: OPERATIONS }),
  },
  {
    id: "soak-chain",
    what: "the same with nerdctl's default list: bridge, portmap with 3 ports, firewall, tuning",
    ours: (bin) => soak({ bin, isChain: true, operations: OPERATIONS }),
    theirs: (bin) => soak({ bin, isChain: true, operations: ITS_OPERATIONS }),
  },
  {
    id: "soak-mixed",
    what: "the same on one network and bridge by berth and the reference together",
    ours: (bin, other) => soak({ bin, other, operations: OPERATIONS }),
    theirs: (bin, other) => soak({ bin, other, masquerader: other, operations: ITS_OPERATIONS }),
  },
  {
    id: "fuzz",
    what: "fuzzed calls of `host-local` and `bridge` in one process (their sources under Bun)",
    ours: (bin) => fuzz({ how: "in-process", bin, count: 100_000, seed: SEED }),
  },
  {
    id: "fuzz-executable",
    what: "fuzzed calls of the executables",
    ours: (bin) => fuzz({ how: "executable", bin, count: 3000, seed: SEED }),
    theirs: (bin) => fuzz({ how: "executable", bin, count: 3000, seed: SEED }),
  },
  {
    id: "fuzz-netlink",
    what: "reading of damaged netlink replies (sources under Bun)",
    ours: () => fuzzNetlink(100_000, SEED),
  },
];
