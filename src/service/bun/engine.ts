import { readFileSync, readlinkSync } from "node:fs";

/** Read by the engine when it starts, and only then. */
const THIRD_COMPILER = "BUN_JSC_useFTLJIT";

/**
 * Becomes the same program, in the same process, without the engine's third compiler; returns where it is that already. Compiling
 * what runs at a start with many services takes the processors longer (half a second) than it saves, and it does not run again.
 * Whoever has set the variable decides.
 */
export function withoutThirdCompiler(): void {
  if (process.env[THIRD_COMPILER] !== undefined) return;
  const words = readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
  // By its path, from which the process has its name.
  process.execve?.(readlinkSync("/proc/self/exe"), words, { ...process.env, [THIRD_COMPILER]: "0" });
}
