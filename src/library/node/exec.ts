import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { PluginCall, PluginOutcome } from "../../invoke/request.ts";
import { endingOf, notStarted } from "../../invoke/system.ts";
import type { CallOptions } from "./options.ts";

/** Times that a plugin is tried that somebody is just writing (ETXTBSY), and milliseconds between them. */
const TRIES = 6;
const BETWEEN = 200;

/** Milliseconds for which a process that a plugin left behind may still hold its output. */
const LINGER = 200;

/** Runs a plugin to its end, its time's or the caller's. Never rejects: that it cannot be started is an ending, too. */
export async function execPlugin(call: PluginCall, options: CallOptions): Promise<PluginOutcome> {
  const signal = call.undoes ? undefined : options.signal;
  for (let tries = 1; ; tries++) {
    if (signal?.aborted) return ended("not called: the caller no longer waits", signal.reason);
    try {
      await assertProgram(call.path);
      return await run(call, options, signal);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ETXTBSY" || tries === TRIES) {
        return ended(notStarted(call.path, error), error);
      }
    }
    await sleep(BETWEEN);
  }
}

function ended(ending: string, cause?: unknown): PluginOutcome {
  return { stdout: "", stderr: "", ending, cause };
}

/** libuv hands what the kernel does not know as a program to a shell, which must not read any file as a script. */
async function assertProgram(path: string): Promise<void> {
  // A file may be executable and not readable; whether it can be run at all, the kernel says.
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const magic = buffer.toString("latin1", 0, bytesRead);
    if (magic.startsWith("#!") || magic === "\x7fELF") return;
  } finally {
    await file.close();
  }
  throw Object.assign(new Error("exec format error"), { code: "ENOEXEC", errno: 8 });
}

/** Rejects where the process cannot be started. */
async function run(call: PluginCall, options: CallOptions, signal: AbortSignal | undefined): Promise<PluginOutcome> {
  const env = { ...process.env, ...options.environment, ...Object.fromEntries(call.variables) };
  const child = spawn(call.path, [], { env, stdio: "pipe" });
  const reading = [child.stdout, child.stderr].map(collected);
  const stop = stopper(child, options.timeout, signal);
  try {
    // Plugins need not read what they are sent.
    child.stdin.on("error", () => {}).end(call.stdin);
    const ending = await endOf(child);
    if (stop.ending !== undefined) return ended(stop.ending, stop.cause);
    const [stdout = "", stderr = ""] = reading.map((text) => text());
    return { stdout, stderr, ...(ending === undefined ? {} : { ending }) };
  } finally {
    stop.disarm();
  }
}

/** What a stream has given so far, as text. */
function collected(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("utf8");
}

/** Waits for the end of a process and of its output. */
function endOf(child: ChildProcessWithoutNullStreams): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let linger: NodeJS.Timeout | undefined;
    child.once("error", reject);
    child.once("exit", (status, signal) => {
      linger = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve(endingOf({ status, signal }));
      }, LINGER);
    });
    child.once("close", (status, signal) => {
      clearTimeout(linger);
      resolve(endingOf({ status, signal }));
    });
  });
}

/** Kills a process whose time is over, or whose caller no longer waits; says which of it, if any, it was. */
interface Stopper {
  ending?: string;
  cause?: unknown;
  disarm(): void;
}

function stopper(
  child: ChildProcessWithoutNullStreams,
  timeout: number | undefined,
  signal: AbortSignal | undefined,
): Stopper {
  const timer =
    timeout === undefined ? undefined : setTimeout(() => stop(`killed: no answer within ${timeout} ms`), timeout);
  const abort = () => stop("killed: the caller no longer waits", signal?.reason);
  const stopper: Stopper = {
    disarm() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    },
  };
  function stop(ending: string, cause?: unknown): void {
    Object.assign(stopper, { ending, cause });
    child.kill("SIGKILL");
  }
  signal?.addEventListener("abort", abort, { once: true });
  return stopper;
}
