import { expect } from "bun:test";
import { needs } from "../support/needs.ts";
import { meant } from "./meant.ts";
import { differences, generated, LIBCNI, libcni, library, PLAYERS, play } from "./recordings.ts";

needs(libcni, library)(
  "24 generated scenarios: plugins and callers see what they see of libcni, but what is listed",
  () => {
    const all = generated(20261129, 24);
    const played = play(all, [LIBCNI, ...PLAYERS]);
    expect(differences(all, played, (difference, theirs) => meant(difference, theirs) !== undefined)).toEqual([]);
    const calls = (played.get("Node") ?? []).flatMap((one) => one.calls);
    expect(calls.length).toBeGreaterThan(30);
    const verbs = calls.flatMap(({ env }) => env.filter((line: string) => line.startsWith("CNI_COMMAND=")));
    for (const verb of ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"])
      expect(verbs).toContain(`CNI_COMMAND=${verb}`);
  },
);
