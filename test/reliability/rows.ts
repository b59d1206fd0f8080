/** The rows of docs/reliability.md: what is tried with berth and with the reference. */
import { type Failing, fail } from "./errors.ts";
import { fuzz } from "./fuzz.ts";
import { type Killing, kill } from "./kills.ts";
import { soak } from "./soak.ts";
import { merged, type Tally } from "./tally.ts";

export interface Row {
  /** `npm run reliability ID` runs it. */
  readonly id: string;
  readonly what: string;
  /** With the plugins in `bin`; `reference` is the directory of the reference's. */
  ours(bin: string, reference: string): Tally | Promise<Tally>;
  /** The same with the reference's; absent where that cannot be. */
  theirs?(reference: string): Tally | Promise<Tally>;
  /** The reference is tried at every nth system call only, for time: its calls are many and slow. */
  readonly theirStep?: number;
}

type Verb = Killing["verb"];

function killing(verb: Verb, ipMasq: boolean, signals: Killing["signal"][], theirStep: number): Row {
  const id = [signals.includes("KILL") ? "kill" : "term", verb.toLowerCase(), ...(ipMasq ? ["masq"] : [])].join("-");
  const run = (bin: string, step: number) => merged(signals.map((signal) => kill({ bin, verb, ipMasq, signal, step })));
  return {
    id,
    what: `${signals.map((signal) => `SIG${signal}`).join(" and ")} at every system call of ${verb}${ipMasq ? " with ipMasq" : ""}`,
    ours: (bin) => run(bin, 1),
    theirs: (reference) => run(reference, theirStep),
    theirStep,
  };
}

const ERRNOS: Failing["errno"][] = ["EIO", "ENOSPC", "ENOMEM", "EINTR"];

function failing(verb: "ADD" | "DEL", ipMasq: boolean, theirStep: number): Row {
  const run = (bin: string, step: number) => merged(ERRNOS.map((errno) => fail({ bin, verb, ipMasq, errno, step })));
  return {
    id: ["error", verb.toLowerCase(), ...(ipMasq ? ["masq"] : [])].join("-"),
    what: `${ERRNOS.join(", ")} at every file and network call of ${verb}${ipMasq ? " with ipMasq" : ""}`,
    ours: (bin) => run(bin, 1),
    theirs: (reference) => run(reference, theirStep),
    theirStep,
  };
}

const OPERATIONS = 10_000;
const SEED = 2026;

export const ROWS: readonly Row[] = [
  killing("ADD", false, ["KILL"], 1),
  killing("ADD", true, ["KILL"], 1),
  killing("DEL", false, ["KILL"], 1),
  killing("DEL", true, ["KILL"], 1),
  killing("GC", true, ["KILL"], 4),
  killing("ADD", false, ["TERM", "INT"], 4),
  killing("ADD", true, ["TERM", "INT"], 8),
  killing("DEL", true, ["TERM", "INT"], 8),
  killing("GC", true, ["TERM", "INT"], 8),
  failing("ADD", false, 1),
  failing("ADD", true, 4),
  failing("DEL", false, 1),
  failing("DEL", true, 4),
  {
    id: "soak",
    what: "ADD, DEL, CHECK, GC, kills and namespace deletions, 12 at once, checked after every round",
    ours: (bin) => soak({ bin, operations: OPERATIONS }),
    theirs: (bin) => soak({ bin, operations: OPERATIONS }),
  },
  {
    id: "soak-mixed",
    what: "the same on one network and bridge by berth and the reference together",
    ours: (bin, other) => soak({ bin, other, operations: OPERATIONS }),
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
];
