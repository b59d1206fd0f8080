import type { Difference, Played } from "./recordings.ts";

/** Why a difference is meant (README.md beside this); undefined where it is not. `theirs` is what libcni did in the scenario. */
export function meant({ player }: Difference, theirs: Played): string | undefined {
  const [loaded] = theirs.steps;
  if ((player === "Node" || player === "Bun") && loaded?.ok?.plugins?.length === 0)
    return "the library refuses a list without plugins";
  return undefined;
}
