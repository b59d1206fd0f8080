import { join } from "node:path";
import type { Output } from "../support/command.ts";
import type { Lab } from "../support/lab.ts";
import type { Berthd } from "../support/service/berthd.ts";

/** `berth svc WORDS` at the daemon's socket. */
export function svcAttempt(lab: Lab, { socket }: Berthd, ...words: string[]): Output {
  return lab.attempt(lab.host, join(lab.bin, "berth"), "svc", ...words, "--socket", socket);
}

/** Its stdout. @throws Error when it fails or has something to say besides */
export function svc(lab: Lab, berthd: Berthd, ...words: string[]): string {
  const { status, stdout, stderr } = svcAttempt(lab, berthd, ...words);
  if (status !== 0 || stderr !== "") throw new Error(`berth svc ${words.join(" ")}: ${stderr || stdout}`);
  return stdout;
}
