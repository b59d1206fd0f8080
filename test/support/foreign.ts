/** The executables for arm64, which QEMU's emulator of programs runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Need } from "./needs.ts";

export const ARM64_BIN = join(import.meta.dir, "../../dist/arm64/bin");
export const ARM64_RUNNER = "qemu-aarch64-static";

export const arm64: Need = {
  what: `${ARM64_BIN} (npm run build -- --arch arm64) and ${ARM64_RUNNER} (scripts/setup.sh)`,
  met: () => existsSync(join(ARM64_BIN, "bridge")) && Bun.which(ARM64_RUNNER) !== null,
};
