import { formatIp } from "../../base/ip.ts";
import { anyObject, decode, goObject } from "../../spec/decode.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { parsePrevResult } from "../../spec/result-parse.ts";
import { readPlace, readPool, readWishes } from "./config.ts";
import { holdingsOf, usingOwners } from "./owners.ts";
import { rangeOf } from "./ranges.ts";
import { openStore } from "./store.ts";

const schema = goObject({ prevResult: anyObject });

/**
 * Checks that the attachment holds a lease, and that those addresses of prevResult that are from this network's ranges are
 * the leased ones.
 * @throws CniError saying what differs
 */
export function check(call: Call): void {
  const place = readPlace(call.config, call.name);
  const { sets } = readPool(call);
  readWishes(call);
  const { prevResult } = decode(schema, call.config);
  const { containerId: id, ifname } = call.env;
  const store = openStore(place, true);
  const held = store ? usingOwners(store, call.warn, (owners) => holdingsOf(owners, id, ifname).ips) : [];
  if (held.length === 0) {
    const details = `no file in ${place.dataDir}/${place.network} names ${id} ${ifname}: its address may be given away`;
    throw new CniError(INTERNAL, `host-local: Failed to find address added by container ${id}`, details);
  }
  const leased = held.map(formatIp);
  const ips = prevResult ? parsePrevResult(prevResult, call.version).ips : [];
  const missing = ips.map(({ address }) => address.ip).filter((ip) => sets.some((set) => rangeOf(set, ip)));
  const wrong = missing.map(formatIp).filter((ip) => !leased.includes(ip));
  if (wrong.length === 0) return;
  const details = `${place.dataDir}/${place.network} has ${leased.join(" ")} for ${id} ${ifname}`;
  throw new CniError(
    INTERNAL,
    `host-local: ${wrong.join(" ")} of prevResult is not leased to container ${id}`,
    details,
  );
}
