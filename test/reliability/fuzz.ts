/** Fuzzed calls in a room of their own: a copy of this machine's files in which every write is seen afterwards. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DATA_DIR, INDEX_DIR, RESOLV_CONF, ROOT } from "./fuzz-inputs.ts";
import { OUTSIDE } from "./fuzz-surroundings.ts";
import { newTally, type Tally } from "./tally.ts";

export interface Fuzzing {
  /** `in-process` runs the plugins' sources under Bun; `executable` starts those of `bin`. */
  readonly how: "in-process" | "executable";
  readonly bin: string;
  readonly count: number;
  readonly seed: number;
}

export interface FuzzTally extends Tally {
  /** The slowest answer, in milliseconds. */
  slowest: number;
  /** How many calls succeeded; the others were refused. */
  succeeded: number;
}

/** Where writing is allowed: the configuration's directories, and the defaults where it names none. */
const ALLOWED = [DATA_DIR, INDEX_DIR, RESOLV_CONF, `${ROOT}/progress`, "/var/lib/cni/networks", "/run/berth"];
/** Made by the worker before it begins. */
const PREPARED = [`${ROOT}/bin`, `${ROOT}/fifo`, `${ROOT}/inside`, `${OUTSIDE}/file`];
const STALL_MS = 20_000;

/** Runs the fuzzer. `left` counts wrong answers, hangs, deaths by signal, and files touched outside. */
export async function fuzz({ how, bin, count, seed }: Fuzzing): Promise<FuzzTally> {
  const tally: FuzzTally = { ...newTally(), slowest: 0, succeeded: 0 };
  const room = mkdtempSync(join(tmpdir(), "berth-fuzz-"));
  const worker = [process.execPath, join(import.meta.dir, "fuzz-worker.ts"), how, String(seed), String(count), bin];
  const child = Bun.spawn(
    ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", SCRIPT, "sh", room, ...worker],
    {
      env: { ...process.env, BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" },
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const stalled = setTimeout(() => child.kill("SIGKILL"), STALL_MS + count * (how === "executable" ? 120 : 5));
  const text = await child.stdout.text();
  clearTimeout(stalled);
  const status = await child.exited;
  const lines = text.trimEnd().split("\n");
  const touched = lines.filter((line) => line.startsWith("/"));
  const rows = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const end = rows.find((row) => row.done !== undefined);
  rmSync(room, { recursive: true, force: true });
  tally.tried = end?.done ?? 0;
  tally.slowest = end?.slowest ?? 0;
  tally.succeeded = end?.succeeded ?? 0;
  tally.left = (end?.faults ?? 1) + touched.length;
  tally.notes.push(
    ...rows.filter((row) => row.fault).map((row) => JSON.stringify(row)),
    ...touched.map((path) => `touched ${path}`),
  );
  if (!end)
    tally.notes.push(`the worker ended with ${status}: ${await child.stderr.text()} ${lines.at(-1)?.slice(0, 500)}`);
  return tally;
}

const excluded = [...ALLOWED, ...PREPARED].map((path) => `-path "$upper${path}" -prune -o`).join(" ");

/** Runs the worker in the room and lists what was written there that must not have been. */
const SCRIPT = `
set -e
room=$1; shift
mount -t tmpfs none "$room"
mkdir "$room/upper" "$room/work" "$room/root"
upper=$room/upper
mount -t overlay overlay -o "lowerdir=/,upperdir=$upper,workdir=$room/work" "$room/root"
for dir in dev sys; do mount --rbind /$dir "$room/root/$dir"; done
mount -t proc proc "$room/root/proc"
ip link set lo up
cd=$PWD
chroot "$room/root" sh -c 'cd "$0" && exec "$@"' "$cd" "$@" || echo "worker failed: $?" >&2
find "$upper" ${excluded} ! -type d -printf '/%P\\n'
`;
