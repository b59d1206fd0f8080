/** The benchmark's own programs, compiled when it runs. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { sh } from "../../test/support/command.ts";

export interface Programs {
  readonly driver: string;
  /** The kernel's floor. */
  readonly kernel: string;
  readonly traffic: string;
}

/** Compiles them into `dir`, static, as berth is. @throws Error with the compiler's words */
export function compile(dir: string): Programs {
  mkdirSync(dir, { recursive: true });
  const build = (name: string) => {
    const program = join(dir, name);
    sh(undefined, process.env.CC ?? "cc", "-O2", "-static", "-o", program, join(import.meta.dir, `${name}.c`));
    return program;
  };
  return { driver: build("driver"), kernel: build("kernel"), traffic: build("traffic") };
}
