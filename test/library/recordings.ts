/** Playing scenarios with libcni and with what is ours, and comparing what plugins saw and what callers got. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import type { Json } from "../support/command.ts";
import { CACHE, type Need } from "../support/needs.ts";
import { written } from "./answers.ts";
import { type Scenario, scenarios } from "./scenario.ts";

const HERE = import.meta.dir;
const ROOT = join(HERE, "../..");

/** The library as it is packed. */
export const LIBRARY = join(ROOT, "dist/lib/cni.js");

/** That it can be built; it is, once in a process. */
export const library: Need = {
  what: "node (to build the library)",
  met: () => spawnSync("node", [join(ROOT, "scripts/build-library.mjs")], { stdio: "inherit" }).status === 0,
};

const PROGRAMS = join(CACHE, "recordings");

/** The plugin that records and answers as it is told. */
export const RECORDER = join(PROGRAMS, "recorder");

/** Builds libcni's player and the recording plugin, once for their sources; false where there is no Go. */
function buildPrograms(): boolean {
  mkdirSync(PROGRAMS, { recursive: true });
  const flags = ["build", "-trimpath", "-buildvcs=false", "-mod=mod", "-o", `${PROGRAMS}/`, "./..."];
  const env = { ...process.env, CGO_ENABLED: "0", GOCACHE: process.env.GOCACHE ?? join(homedir(), ".cache/go-build") };
  const { status, stderr } = spawnSync("go", flags, { cwd: join(HERE, "libcni"), env, encoding: "utf8" });
  if (status !== 0 && stderr) console.error(stderr);
  return status === 0;
}

export const libcni: Need = { what: "go (to build test/library/libcni)", met: buildPrograms };

/** Who plays: its name, and the command that is given the scenarios' files. */
export interface Player {
  readonly name: string;
  readonly command: readonly string[];
}

export const LIBCNI: Player = { name: "libcni", command: [join(PROGRAMS, "recordings")] };

/** The tests' QuickJS executable, which has the tool's driver in it, too. */
export const QUICKJS = join(ROOT, "build/quickjs/tests");

/** That it is there, and not older than what it is to show. */
export const quickjs: Need = {
  what: `${QUICKJS} of these sources (npm run test:quickjs)`,
  met: () =>
    existsSync(QUICKJS) && statSync(QUICKJS).mtimeMs > newest(["src/invoke", "src/base", "src/spec", "src/tool"]),
};

function newest(folders: readonly string[]): number {
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(ROOT, folder, name)),
  );
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

export const IN_QUICKJS: Player = { name: "QuickJS", command: [QUICKJS, "play"] };

export const PLAYERS: readonly Player[] = [
  { name: "Node", command: ["node", join(HERE, "play-library.mjs"), LIBRARY] },
  { name: "Bun", command: [process.execPath, join(HERE, "play-library.mjs"), LIBRARY] },
  { name: "tool", command: [process.execPath, join(HERE, "play-tool.ts")] },
];

/** What plugins were given in one scenario, in order, and what the caller got of each step. */
export interface Played {
  readonly calls: Json[];
  readonly steps: Json[];
}

export function generated(seed: number, count: number): Scenario[] {
  return fc.sample(scenarios, { seed, numRuns: count });
}

/** Plays `all` with each of the players, in the same place of the file system, one after the other. */
export function play(all: readonly Scenario[], players: readonly Player[]): Map<string, Played[]> {
  const place = mkdtempSync(join(tmpdir(), "berth-recordings-"));
  try {
    return new Map(players.map((player) => [player.name, playOnce(all, player, place)]));
  } finally {
    rmSync(place, { recursive: true });
  }
}

function playOnce(all: readonly Scenario[], { name, command }: Player, place: string): Played[] {
  const root = join(place, "play");
  rmSync(root, { recursive: true, force: true });
  const files = all.map((scenario, i) => laidOut(scenario, join(root, String(i))));
  const record = join(root, "record");
  const [program = "", ...args] = command;
  const env = { PATH: process.env.PATH ?? "", HOME: "/", TRACESTATE: "inherited", X: "a=b", BERTH_RECORD: record };
  const { status, stdout, stderr } = spawnSync(program, [...args, ...files], {
    cwd: root,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.slice(-2000)}`);
  const steps = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  if (steps.length !== all.length) throw new Error(`${name} played ${steps.length} of ${all.length} scenarios`);
  const calls = existsSync(record)
    ? readFileSync(record, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
    : [];
  return steps.map((one, i) => ({ steps: one, calls: calls.filter(({ path }) => path.startsWith(`${root}/${i}/`)) }));
}

/** Writes a scenario's files; gives the file that tells a player of it. */
function laidOut({ files, versions, trace, steps }: Scenario, root: string): string {
  mkdirSync(join(root, "bin"), { recursive: true });
  for (const plugin of ["p0", "p1", "p2", "p3"]) {
    symlinkSync(RECORDER, join(root, "bin", plugin));
    writeFileSync(join(root, "bin", `${plugin}.version`), written(versions[plugin] ?? {}));
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const at = (path: string | undefined) => (path === undefined ? undefined : join(root, path));
  const placed = steps.map((step) =>
    step.do === "load" ? { ...step, file: at(step.file), directory: at(step.directory) } : step,
  );
  const path = join(root, "scenario.json");
  const told = { path: [join(root, "none"), join(root, "bin")], cache: join(root, "cache"), trace, steps: placed };
  writeFileSync(path, written(told));
  return path;
}

/** A difference between libcni and another player. */
export interface Difference {
  readonly player: string;
  readonly scenario: number;
  /** "step 2 (add) error", "call 3 stdin". */
  readonly what: string;
  readonly theirs: string;
  readonly ours: string;
}

/** All in which the players differ from libcni, but what `isMeant` says of. */
export function differences(
  all: readonly Scenario[],
  played: ReadonlyMap<string, readonly Played[]>,
  isMeant: (difference: Difference, theirs: Played) => boolean,
): Difference[] {
  const theirs = played.get(LIBCNI.name) ?? [];
  const found: Difference[] = [];
  for (const [player, ours] of played) {
    if (player === LIBCNI.name) continue;
    for (const [i, one] of ours.entries()) {
      const compared = compare(all[i]?.steps ?? [], theirs[i] as Played, one);
      found.push(...compared.map((difference) => ({ player, scenario: i, ...difference })));
    }
  }
  return found.filter((difference) => !isMeant(difference, theirs[difference.scenario] as Played));
}

type Compared = Omit<Difference, "player" | "scenario">;

function compare(steps: readonly { do: string }[], theirs: Played, ours: Played): Compared[] {
  const found: Compared[] = [];
  const hold = (what: string, a: Json, b: Json): void => {
    if (!Bun.deepEquals(a, b)) found.push({ what, theirs: JSON.stringify(a) ?? "", ours: JSON.stringify(b) ?? "" });
  };
  for (const [i, { do: verb }] of steps.entries()) {
    for (const part of ["ok", "error", "cache"]) {
      hold(`step ${i} (${verb}) ${part}`, theirs.steps[i]?.[part] ?? null, ours.steps[i]?.[part] ?? null);
    }
  }
  hold("number of calls", theirs.calls.length, ours.calls.length);
  for (const [i, call] of theirs.calls.entries()) {
    const own = ours.calls[i];
    if (own === undefined) continue;
    hold(`call ${i} plugin`, call.path, own.path);
    hold(`call ${i} environment`, call.env, own.env);
    hold(`call ${i} stdin`, decoded(call.stdin), decoded(own.stdin));
  }
  return found;
}

function decoded(base64: string): string {
  return Buffer.from(base64, "base64").toString("latin1");
}
