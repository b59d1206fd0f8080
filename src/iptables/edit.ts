import { ENOENT, isErrno } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import { underLock } from "./lock.ts";
import { filter } from "./rules.ts";
import { type Kind, restore, save } from "./run.ts";
import { Saved } from "./saved.ts";

/** How often others may change the table between what was read and what is to be done. */
const ROUNDS = 10;

/** The table filter of one family: what is in it, and changing that. */
export interface Table {
  /** Throws Explained. */
  read(): Saved;
  /** Does all commands or none, with the lock open if there is one. Throws Explained, or ENOENT for what has gone since. */
  apply(commands: readonly string[], lock: number | undefined): void;
}

/** By the programs of iptables. */
export function programTable(kind: Kind): Table {
  return {
    read: () => Saved.parse(save(kind, "filter")),
    apply: (commands, lock) => restore(kind, filter(...commands), lock),
  };
}

/**
 * Changes a table by what is in it: all commands that `plan` gives, or none. It is asked again when others, who know
 * nothing of the lock, have changed the table meanwhile. Throws Explained, CniError.
 */
export function edit(table: Table, plan: (saved: Saved) => readonly string[]): void {
  underLock((lock) => {
    for (let left = ROUNDS; ; left--) {
      const saved = table.read();
      const commands = plan(saved);
      if (commands.length === 0) return;
      try {
        table.apply(commands, lock);
        return;
      } catch (error) {
        const mayBeStale = error instanceof Explained || isErrno(error, ENOENT);
        if (!mayBeStale || left === 0 || table.read().equals(saved)) throw error;
      }
    }
  });
}
