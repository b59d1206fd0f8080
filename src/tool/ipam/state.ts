import { goneBecause, type Here, isGoneForOwner } from "../../plugins/host-local/life.ts";
import type { Attachment } from "../node/attachments.ts";
import type { Lease } from "../node/leases.ts";
import type { Container } from "../runtimes/container.ts";

/**
 * live: its interface or its namespace is there, or its runtime says that it runs. stale: its interface or namespace is gone.
 * dead boot: it was made before the machine was started. garbled: its file names nobody. reference: the reference made it, and
 * nothing says whether its container lives. unknown: berth made it, and nothing says.
 */
export type LeaseState = "live" | "stale" | "dead boot" | "garbled" | "reference" | "unknown";

/** What is known of a lease besides its file. */
export interface Known {
  readonly lease: Lease;
  readonly attachment: Attachment | undefined;
  readonly container: Container | undefined;
}

/** The state, and why, where that needs words. */
export function stateOf({ lease, attachment, container }: Known, here: Here): [LeaseState, string | undefined] {
  const { holder, origin } = lease;
  if (!holder) return ["garbled", "its file names no container"];
  if (origin && here.boot !== "" && origin.boot !== here.boot) return ["dead boot", "it was made before the last boot"];
  // Its own interface decides, which only the namespace that it was made in can say.
  if (isGoneForOwner(origin, here)) return ["stale", goneBecause(origin, here) ?? LATELY];
  if (attachment?.life.is === "alive") return ["live", undefined];
  if (container?.running) return ["live", `${container.runtime} says that it runs`];
  if (attachment?.life.is === "gone") return ["stale", attachment.life.because];
  return [origin ? "unknown" : "reference", undefined];
}

const LATELY = "its host interface no longer exists, for less than ten minutes";
