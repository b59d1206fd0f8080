/** The benchmark's own programs, compiled when it runs. */
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { sh } from "../../test/support/command.ts";

export interface Programs {
  readonly driver: string;
  /** The kernel's floor. */
  readonly kernel: string;
  readonly traffic: string;
}

/** Compiles them into `dir`. @throws Error with the compiler's words */
export function compile(dir: string): Programs {
  const build = (name: string) => compileProgram(join(import.meta.dir, `${name}.c`), dir);
  return { driver: build("driver"), kernel: build("kernel"), traffic: build("traffic") };
}

/** Compiles one into `dir`, static, as berth is, and returns where it is. @throws Error with the compiler's words */
export function compileProgram(source: string, dir: string): string {
  mkdirSync(dir, { recursive: true });
  const program = join(dir, basename(source, ".c"));
  sh(undefined, process.env.CC ?? "cc", "-O2", "-static", "-o", program, source);
  return program;
}
