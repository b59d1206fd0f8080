/** Running runtimes' commands. */
import type { Output } from "../support/command.ts";

/** Runs a command line to its end. */
export function ask(commandLine: readonly string[]): Output {
  const child = Bun.spawnSync([...commandLine], { stdin: null });
  return { status: child.exitCode ?? -1, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

/** Runs a command line that must succeed: its stdout. */
export function must(commandLine: readonly string[]): string {
  const { status, stdout, stderr } = ask(commandLine);
  if (status !== 0) throw new Error(`${commandLine.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

/** Runs a command line: "ok", or the last that it says. */
export function outcomeOf(commandLine: readonly string[]): string {
  const { status, stdout, stderr } = ask(commandLine);
  return status === 0 ? "ok" : lastWords(status, stderr || stdout);
}

/** The same of several at once. */
export function outcomesOf(commandLines: readonly (readonly string[])[]): Promise<string[]> {
  return Promise.all(
    commandLines.map(async (commandLine) => {
      const child = Bun.spawn([...commandLine], { stdout: "pipe", stderr: "pipe" });
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      return child.exitCode === 0 ? "ok" : lastWords(child.exitCode, stderr || stdout);
    }),
  );
}

/** The last line of what a command that ended with `status` has said. */
export function lastWords(status: number | null, text: string): string {
  return text.trim().split("\n").at(-1) || `ended with ${status}`;
}
