import { delegate } from "../../delegate/delegate.ts";
import type { Machine } from "../../features/machine.ts";
import type { Offer } from "../../spec/delegate.ts";
import type { Call } from "../../spec/plugin.ts";
import { assertFamilies, assertFeatures } from "../../veth/status.ts";
import { readConfig } from "./config.ts";
import { assertOffer } from "./plan.ts";

/**
 * Rehearses an ADD, and fails where every ADD fails until a person acts.
 * @throws CniError 50 for what the machine lacks, 6 and 7 for the configuration, and IPAM's own
 */
export function status(call: Call, host: Machine): void {
  const config = readConfig(call);
  // Of another IPAM plugin only an ADD learns what it gives.
  let offer: Offer = { sets: [], routes: [] };
  const vet = (given: Offer) => {
    offer = given;
  };
  delegate(config.ipam, "STATUS", { ...call, vet });
  assertOffer(config, offer);
  assertFeatures(host, config);
  assertFamilies(host, true, offer);
}
