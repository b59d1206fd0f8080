/** A shell script for the machine, step by step, and what each step gave. */
import type { Json, Output } from "../command.ts";
import type { Kernel } from "./kernel.ts";
import { type Contents, runInVm } from "./machine.ts";

export interface Script {
  /** Adds a step: `commands` for sh. What it prints and its status are found under `key`. */
  step(key: string, commands: string): void;
  /** Boots a machine with the kernel and runs all steps in order, whatever their status. */
  run(kernel: Kernel, contents?: Contents): Promise<Transcript>;
}

export interface Transcript {
  release: string;
  seconds: number;
  /** How many steps it came to the end of. */
  steps: number;
  /** What the step printed. @throws Error when there was no such step */
  of(key: string): Omit<Output, "stderr">;
  /** The same as JSON. @throws Error when it failed */
  json(key: string): Json;
}

const MARK = /^@@ (begin|end) (\S+) ?(\d*)$/;

/** An empty script; `prelude` is for what all steps need. */
export function script(prelude = ""): Script {
  const steps: string[] = [prelude];
  return {
    step: (key, commands) => {
      steps.push(`echo "@@ begin ${key}"\n(\n${commands}\n)\nprintf '\\n@@ end ${key} %d\\n' $?`);
    },
    run: async (kernel, contents) => {
      const { output, ...run } = await runInVm(kernel, steps.join("\n"), contents);
      const found = parse(output);
      const of = (key: string) => {
        const step = found.get(key);
        if (!step) throw new Error(`the machine did not come to ${key}:\n${output.slice(-2000)}`);
        return step;
      };
      return { ...run, steps: found.size, of, json: (key) => json(key, of(key)) };
    },
  };
}

function parse(output: string): Map<string, { status: number; stdout: string }> {
  const found = new Map<string, { status: number; stdout: string }>();
  let lines: string[] = [];
  for (const line of output.split("\n")) {
    const [, what, key = "", status] = MARK.exec(line) ?? [];
    if (what === "end") found.set(key, { status: Number(status), stdout: lines.join("\n").trim() });
    if (what) lines = [];
    else lines.push(line);
  }
  return found;
}

function json(key: string, { status, stdout }: { status: number; stdout: string }): Json {
  try {
    if (status === 0) return JSON.parse(stdout || "[]");
  } catch {
    // Said below.
  }
  throw new Error(`${key}: status ${status}: ${stdout}`);
}
