import { deferSignals } from "#sys";
import { messageOf } from "../base/errno.ts";
import { Undo } from "../base/undo.ts";
import type { AddOutcome, Call } from "../spec/plugin.ts";
import type { Result } from "../spec/result.ts";

/**
 * An ADD whose effects can be taken back: `make` pushes the inverse of each that is this call's alone. When it throws, they
 * are taken back, and what cannot be is told.
 */
export function undoable({ warn }: Pick<Call, "warn">, make: (undo: Undo) => Result): AddOutcome {
  const undo = new Undo();
  const rollback = () => {
    for (const failure of deferSignals(() => undo.rollback())) warn(`could not take back: ${messageOf(failure)}`);
  };
  try {
    return { result: make(undo), rollback, release: () => void undo.commit() };
  } catch (error) {
    rollback();
    throw error;
  }
}
