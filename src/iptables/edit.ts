import { Explained } from "../base/explained.ts";
import { underLock } from "./lock.ts";
import { filter } from "./rules.ts";
import { type Kind, restore, save } from "./run.ts";
import { Saved } from "./saved.ts";

/** How often others may change the table between what was read and what is to be done. */
const ROUNDS = 10;

export function readFilter(kind: Kind): Saved {
  return Saved.parse(save(kind, "filter"));
}

/**
 * Changes the table filter by what is in it: all commands that `plan` gives, or none. It is asked again when others, who know
 * nothing of the lock, have changed the table meanwhile. Throws Explained, CniError.
 */
export function editFilter(kind: Kind, plan: (saved: Saved) => readonly string[]): void {
  underLock((lock) => {
    for (let left = ROUNDS; ; left--) {
      const saved = readFilter(kind);
      const commands = plan(saved);
      if (commands.length === 0) return;
      try {
        restore(kind, filter(...commands), lock);
        return;
      } catch (error) {
        if (!(error instanceof Explained) || left === 0 || readFilter(kind).equals(saved)) throw error;
      }
    }
  });
}
