import { cpus, release, totalmem } from "node:os";
import { attempt } from "../../test/support/command.ts";

/** The machine in words: "2 x CPU MODEL, 23 GiB, Linux 6.18.44, commit 1a2b3c4". */
export function machine(): string {
  const all = cpus();
  const commit = attempt(undefined, "git", "describe", "--always", "--dirty").stdout.trim();
  return [
    `${all.length} × ${(all[0]?.model ?? "CPU").trim()}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `commit ${commit || "unknown"}`,
  ].join(", ");
}
