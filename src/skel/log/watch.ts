import { monotonic, realtime } from "#sys";
import type { Phase } from "../../spec/call-record.ts";
import type { Head } from "../../spec/config.ts";
import type { Journal } from "../journal.ts";

/** How long the phases of a call take. */
export class Watch implements Journal {
  /** Milliseconds since the epoch. */
  readonly began = realtime();
  /** Milliseconds, by phase. */
  readonly phases: Partial<Record<Phase, number>> = {};
  /** Undefined where the configuration could not be read. */
  head: Head | undefined;
  #phase: Phase = "request";
  #since = monotonic();

  begin(head: Head): void {
    this.head = head;
    this.enter("work");
  }

  readonly enter = (phase: Phase): void => {
    const now = monotonic();
    this.phases[this.#phase] = (this.phases[this.#phase] ?? 0) + now - this.#since;
    this.#phase = phase;
    this.#since = now;
  };

  /** The call has ended. Returns the milliseconds that it took. */
  end(): number {
    this.enter(this.#phase);
    return Object.values(this.phases).reduce((sum, ms) => sum + ms, 0);
  }
}
