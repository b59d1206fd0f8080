import { monotonic } from "#sys";
import { Explained } from "../../base/explained.ts";
import type { Host, PluginOutcome } from "../../invoke/request.ts";
import { EXIT, type Outcome } from "../world.ts";
import { type Recorded, savedOf } from "./recording.ts";
import { textOf } from "./wanted.ts";

/** Makes the calls of a file of --save again, in their order, with the same environment and stdin, and compares the answers. */
export function replay(path: string, host: Host): Outcome {
  let same = 0;
  const saved = readSaved(path);
  const lines = saved.map((before) => {
    const began = monotonic();
    const { call } = before;
    const outcome = host.exec({ do: "exec", call });
    const took = `${(monotonic() - began).toFixed(1)} ms, then ${before.milliseconds.toFixed(1)}`;
    const other = differences(before.outcome, outcome);
    if (other.length === 0) same++;
    const verdict = other.length === 0 ? "the same answer" : "ANOTHER ANSWER";
    return [`${call.plugin} ${call.verb}: ${verdict} (${took})`, ...other].join("\n  ");
  });
  const code = same === saved.length ? EXIT.ok : EXIT.failed;
  return { code, stdout: `${lines.join("\n")}\n${same} of ${saved.length} calls answered the same\n`, stderr: "" };
}

function readSaved(path: string): Recorded[] {
  try {
    return savedOf(textOf(path));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw new Explained(
      `${path} is no file of --save: ${error.message}`,
      "berth add NETWORK NETNS --save FILE writes one",
    );
  }
}

function differences(before: PluginOutcome, now: PluginOutcome): string[] {
  const pairs: [what: string, then: string, now: string][] = [
    ["ended", before.ending ?? "ok", now.ending ?? "ok"],
    ["stdout", normal(before.stdout), normal(now.stdout)],
  ];
  return pairs.flatMap(([what, then, now]) => (then === now ? [] : [`${what} then: ${then}`, `${what} now:  ${now}`]));
}

function normal(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text.trim();
  }
}
