/**
 * `npm run recordings [-- --seed S --count N --only I]`: plays generated scenarios with libcni and with ours, and prints each
 * difference that test/library/README.md does not list. Ends with 1 if there is one.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { toolsCompared } from "./cnitool.ts";
import { meant } from "./meant.ts";
import { differences, generated, IN_QUICKJS, LIBCNI, libcni, library, PLAYERS, play } from "./recordings.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "200" },
    only: { type: "string" },
  },
});
const seed = Number(values.seed);
const sample = generated(seed, Number(values.count));
const all = values.only === undefined ? sample : sample.slice(Number(values.only), Number(values.only) + 1);
if (!libcni.met()) throw new Error(`cannot build ${libcni.what}`);
if (!library.met()) throw new Error("the library does not build");
const quickjs = spawnSync("node", [join(import.meta.dir, "../../scripts/test-quickjs.mjs"), "--build"], {
  stdio: "ignore",
});
if (quickjs.status !== 0) throw new Error("the QuickJS executable does not build: npm run test:quickjs");
const played = play(all, [LIBCNI, ...PLAYERS, IN_QUICKJS]);
const listed = new Map<string, number>();
const found = differences(all, played, (difference, theirs) => {
  const why = meant(difference, theirs);
  if (why !== undefined) listed.set(why, (listed.get(why) ?? 0) + 1);
  return why !== undefined;
});
for (const { player, scenario, what, theirs, ours } of found) {
  console.log(`${player}, scenario ${values.only ?? scenario}: ${what}\n  libcni: ${theirs}\n  ours:   ${ours}`);
}
const runs = played.get(LIBCNI.name) ?? [];
const count = (of: "calls" | "steps") => runs.reduce((sum, one) => sum + one[of].length, 0);
for (const [why, times] of listed) console.log(`${times} times, meant: ${why}`);
console.log(
  `seed ${seed}: ${all.length} scenarios, ${count("steps")} steps, ${count("calls")} calls of plugins, ${[...played.keys()].join(", ")}: ${found.length} differences`,
);
const tools = toolsCompared(all);
for (const line of tools.different) console.log(`cnitool, ${line}`);
console.log(
  `cnitool beside berth called so: ${8 * all.length} runs, ${tools.calls} calls: ${tools.different.length} differences`,
);
process.exit(found.length + tools.different.length > 0 ? 1 : 0);
