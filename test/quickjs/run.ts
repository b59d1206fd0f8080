/** The bundle "core" of the test executable: runs every bundle of tests and prints the totals as JSON, last line. */
import { argv, decodeUtf8, encodeUtf8, exit, lineTable, load, write } from "#sys";
import { useHost } from "../../src/base/utf8.ts";
import { originalStack } from "../../src/sys/lines.ts";
import type { played } from "../library/play-tool.ts";
import { reportTo, totals } from "./shim.ts";

// As main.ts does.
useHost({ encode: encodeUtf8, decode: decodeUtf8 });

/** Bundle → test file; put in by scripts/test-quickjs.mjs. */
declare const TEST_FILES: Record<string, string>;

const print = (line: string) => write(1, `${line}\n`);

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name}: ${error.message}\n${originalStack(error.stack ?? "", lineTable("core"))}`;
}

/** Plays scenarios of test/library: a line for each. */
function play(files: readonly string[]): never {
  const player = load("play") as { played: typeof played };
  for (const file of files) print(player.played(file));
  exit(0);
}

/** Called when the executable starts. */
export function main(): void {
  const [, word, ...files] = argv();
  if (word === "play") play(files);
  for (const [bundle, file] of Object.entries(TEST_FILES)) {
    reportTo((name, error) => print(`(fail) ${file}: ${name}\n${describeError(error)}`));
    try {
      load(bundle);
    } catch (error) {
      totals.tests++;
      totals.failures++;
      print(`(fail) ${file} does not load\n${describeError(error)}`);
    }
  }
  print(JSON.stringify(totals));
  exit(totals.failures > 0 ? 1 : 0);
}
