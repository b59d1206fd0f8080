/** The same lists by the released cnitool, and by berth called so: in QuickJS, the executable that is shipped. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Json } from "../support/command.ts";
import { BIN, REFERENCE } from "../support/needs.ts";
import { written } from "./answers.ts";
import { RECORDER } from "./recordings.ts";
import type { Scenario } from "./scenario.ts";

/** What a scenario's list is called with, in this order: a cache is there and not, and each end of a life. */
const VERBS = ["status", "check", "add", "check", "del", "del", "add", "gc"];

/** What was seen of one scenario: of each call the exit status, stdout, stderr and the cache; what plugins were given. */
interface Seen {
  readonly runs: Json[];
  readonly calls: Json[];
}

/** What the two tools do not do alike, a line for each, and how many plugins cnitool called. */
export function toolsCompared(all: readonly Scenario[]): { different: string[]; calls: number } {
  const place = mkdtempSync(join(tmpdir(), "berth-cnitool-"));
  try {
    const theirs = seenBy(join(REFERENCE, "cnitool"), all, place);
    const ours = seenBy(join(BIN, "berth"), all, place);
    const parts = ({ runs, calls }: Seen) => [...runs, ...calls];
    const different = theirs.flatMap((one, i) => {
      const own = parts(ours[i] as Seen);
      const unlike = parts(one).flatMap((part, k) =>
        Bun.deepEquals(part, own[k]) ? [] : [`scenario ${i}: ${JSON.stringify(part)}, ours ${JSON.stringify(own[k])}`],
      );
      return own.length === parts(one).length ? unlike : [...unlike, `scenario ${i}: ${own.length} calls and runs`];
    });
    return { different, calls: theirs.reduce((sum, { calls }) => sum + calls.length, 0) };
  } finally {
    rmSync(place, { recursive: true });
  }
}

function seenBy(executable: string, all: readonly Scenario[], place: string): Seen[] {
  const root = join(place, "play");
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  symlinkSync(executable, join(root, "cnitool"));
  const script = all.map((scenario, i) => laidOut(scenario, join(root, String(i)))).join("\n");
  writeFileSync(join(root, "script"), `mount -t tmpfs none /var/lib\n${script}`);
  const record = join(root, "record");
  const env = { PATH: process.env.PATH ?? "", HOME: "/", BERTH_RECORD: record, TRACEPARENT: "of the caller" };
  const { status, stderr } = spawnSync("unshare", ["--mount", "sh", join(root, "script")], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the script ended with ${status}: ${stderr}`);
  const lines = existsSync(record) ? readFileSync(record, "utf8").trim().split("\n") : [];
  const calls: Json[] = lines.map((line) => JSON.parse(line));
  return all.map((_, i) => ({
    runs: VERBS.map((verb, k) => ({ verb, ...readBack(join(root, String(i), `run-${k}`)) })),
    calls: calls.filter(({ path }) => path.startsWith(`${root}/${i}/`)),
  }));
}

/** Writes the scenario's files; gives the lines of shell that call the tool. */
function laidOut({ files, versions, steps }: Scenario, root: string): string {
  mkdirSync(join(root, "bin"), { recursive: true });
  for (const plugin of ["p0", "p1", "p2", "p3"]) {
    symlinkSync(RECORDER, join(root, "bin", plugin));
    writeFileSync(join(root, "bin", `${plugin}.version`), written(versions[plugin] ?? {}));
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const { args = [], capabilityArgs, ifname } = steps.find(({ do: verb }) => verb === "add")?.attachment ?? {};
  const settings = {
    NETCONFPATH: join(root, "net.d"),
    CNI_PATH: `${root}/none:${root}/bin`,
    ...(capabilityArgs === undefined ? {} : { CAP_ARGS: written(capabilityArgs) }),
    ...(args.length === 0 ? {} : { CNI_ARGS: args.map((pair: string[]) => pair.join("=")).join(";") }),
    ...(ifname === undefined ? {} : { CNI_IFNAME: ifname }),
  };
  const env = Object.entries(settings).map(([name, value]) => quoted(`${name}=${value}`));
  const calls = VERBS.map((verb, k) => {
    const run = `${root}/run-${k}`;
    const call = `env ${env.join(" ")} ${dirname(root)}/cnitool ${verb} net /run/netns/c1`;
    return `${call} >${run}.out 2>${run}.err; echo $? >${run}.rc; cp -r /var/lib/cni/results ${run}.cache 2>/dev/null`;
  });
  return [...calls, "rm -rf /var/lib/cni"].join("\n");
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function readBack(run: string): object {
  const text = (end: string) => readFileSync(`${run}.${end}`, "utf8");
  const names = existsSync(`${run}.cache`) ? readdirSync(`${run}.cache`).sort() : [];
  const cache = names.map((name) => [name, readFileSync(join(`${run}.cache`, name), "latin1")]);
  const stderr = text("err").replace(USAGE, "").replace(ARGS, "$1\n");
  return { status: Number(text("rc")), stdout: text("out").trimEnd(), stderr, cache };
}

/** Of wrong CNI_ARGS berth says what they should be, too. */
const ARGS = /(?:berth \w+: )?(invalid CNI_ARGS pair "[^\n]*?")(?:: each is KEY=VALUE, with ; between two)?\n/;

/** After an error cnitool prints its usage, and the error once more; berth the error alone. */
const USAGE = /Error: [\s\S]*\nUsage:\n {2}cnitool [\s\S]*or 'eth0'\)\n\n/;
