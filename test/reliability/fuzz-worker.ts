/**
 * Runs fuzzed calls in the room that fuzz.ts makes: `fuzz-worker.ts HOW SEED COUNT [BINDIR]`, HOW being `in-process` or
 * `executable`. Prints a line of JSON for each fault, and one with the counts at the end.
 */
import { mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PLUGINS } from "../../src/programs.ts";
import { run } from "../../src/skel/run.ts";
import { type Input, makeInput, ROOT } from "./fuzz-inputs.ts";
import { random } from "./fuzz-random.ts";
import { fifo, OUTSIDE, renewSurroundings } from "./fuzz-surroundings.ts";
import { faultOf } from "./fuzz-verdict.ts";

/** How long an answer may take, in milliseconds. */
const LIMIT_MS = 2000;
/** How many calls see the same surroundings. */
const EPOCH = 20;

const [how, seed, count, bin = ""] = process.argv.slice(2) as [string, string, string, string?];

let succeeded = 0;

function inProcess({ plugin, env, stdin }: Input): string | undefined {
  const found = PLUGINS.find(({ name }) => name === plugin);
  if (!found) throw new Error(plugin);
  const reply = run(found, new Map(Object.entries(env)), () => stdin, PLUGINS);
  reply.release?.();
  if (reply.code === 0) succeeded++;
  return faultOf(env.CNI_COMMAND, reply);
}

function executable({ plugin, env, stdin }: Input): string | undefined {
  const child = Bun.spawnSync([join(bin, plugin)], {
    stdin: bytesOf(stdin),
    env,
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  if (child.signalCode) return `ended by ${child.signalCode}${child.exitedDueToTimeout ? ` after ${LIMIT_MS} ms` : ""}`;
  if (child.exitCode === 0) succeeded++;
  return faultOf(env.CNI_COMMAND, { code: child.exitCode ?? -1, stdout: child.stdout.toString() });
}

/** Lone surrogates become bytes that are no UTF-8. */
function bytesOf(text: string): Buffer {
  return Buffer.from(text.replaceAll("\ud800", "\u00ed\u00a0"), text.includes("\ud800") ? "latin1" : "utf8");
}

/** What a call has left open: descriptors beside those of this process, and what they are. */
function leftOpen(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return !known.has(fd) && (target.startsWith(ROOT) || /^(net|socket):/.test(target)) ? `${fd} -> ${target}` : [];
    } catch {
      return [];
    }
  });
}

function report(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

mkdirSync(join(ROOT, "bin"), { recursive: true });
mkdirSync(OUTSIDE, { recursive: true });
writeFileSync(join(OUTSIDE, "file"), "c1\r\neth0");
writeFileSync(join(ROOT, "inside"), "c1\r\neth0");
for (const name of ["host-local", "bridge"])
  symlinkSync(how === "in-process" ? process.execPath : join(bin, name), join(ROOT, "bin", name));
fifo(join(ROOT, "fifo"));
report({ ready: true });
const known = new Set(readdirSync("/proc/self/fd"));
const progress = join(ROOT, "progress");

let slowest = 0;
let faults = 0;
let kept = 0;
for (let i = 0; i < Number(count); i++) {
  if (i % EPOCH === 0) {
    renewSurroundings(random(Number(seed) + i * 7919 + 1));
  }
  const input = makeInput(random(Number(seed) + i * 104_729));
  writeFileSync(progress, String(i));
  const start = performance.now();
  let fault: string | undefined;
  try {
    fault = how === "in-process" ? inProcess(input) : executable(input);
  } catch (error) {
    fault = `thrown: ${error instanceof Error ? error.stack : error}`;
  }
  const took = performance.now() - start;
  slowest = Math.max(slowest, took);
  if (took > LIMIT_MS) fault ??= `took ${Math.round(took)} ms`;
  const open = how === "in-process" ? leftOpen() : [];
  if (open.length > 0) fault ??= `left open: ${open.join(", ")}`;
  if (Object.keys(Object.prototype).length > 0 || "polluted" in {}) fault ??= "Object.prototype is polluted";
  if (!fault) continue;
  faults++;
  if (kept++ < 20) report({ fault, i, input: { ...input, stdin: input.stdin.slice(0, 1500) } });
}
report({
  done: Number(count),
  succeeded,
  faults,
  slowest: Math.round(slowest),
  rss: Math.round(process.memoryUsage.rss() / 2 ** 20),
});
process.exit(0);
