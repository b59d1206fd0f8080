/**
 * `npm run recordings [-- --seed S --count N --only I]`: plays generated scenarios with libcni and with ours, and prints each
 * difference that test/library/README.md does not list. Ends with 1 if there is one.
 */
import { parseArgs } from "node:util";
import { meant } from "./meant.ts";
import { differences, generated, LIBCNI, libcni, PLAYERS, play } from "./recordings.ts";

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
const played = play(all, [LIBCNI, ...PLAYERS]);
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
process.exit(found.length > 0 ? 1 : 0);
