import { expect } from "bun:test";
import { built, namespaces, needs, reference } from "../support/needs.ts";
import { toolsCompared } from "./cnitool.ts";
import { meant } from "./meant.ts";
import {
  differences,
  generated,
  IN_QUICKJS,
  LIBCNI,
  libcni,
  library,
  PLAYERS,
  type Played,
  type Player,
  play,
  quickjs,
} from "./recordings.ts";

/** Plays generated scenarios with libcni and with `players`, who must not differ from it but as is listed. */
function compared(seed: number, count: number, players: readonly Player[]): Map<string, Played[]> {
  const all = generated(seed, count);
  const played = play(all, [LIBCNI, ...players]);
  expect(differences(all, played, (difference, theirs) => meant(difference, theirs) !== undefined)).toEqual([]);
  return played;
}

needs(libcni, library)(
  "24 generated scenarios: plugins and callers see what they see of libcni, but what is listed",
  () => {
    const calls = (compared(20261129, 24, PLAYERS).get("Node") ?? []).flatMap((one) => one.calls);
    expect(calls.length).toBeGreaterThan(30);
    const verbs = calls.flatMap(({ env }) => env.filter((line: string) => line.startsWith("CNI_COMMAND=")));
    for (const verb of ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"])
      expect(verbs).toContain(`CNI_COMMAND=${verb}`);
  },
);

needs(libcni, quickjs)("24 others, in QuickJS", () => {
  expect(compared(18, 24, [IN_QUICKJS]).get("QuickJS")).toHaveLength(24);
});

needs(
  libcni,
  reference,
  built,
  namespaces,
)("12 more by cnitool, and by berth called so: status, output, cache, plugins' view", () => {
  const { different, calls } = toolsCompared(generated(3, 12));
  expect(different).toEqual([]);
  expect(calls).toBeGreaterThan(20);
});
