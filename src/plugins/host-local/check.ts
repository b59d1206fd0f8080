import { equalIp, formatIp } from "../../base/ip.ts";
import { anyObject, decode, goObject } from "../../spec/decode.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { parsePrevResult } from "../../spec/result-parse.ts";
import { namedAddresses, readPlace, readPool, readWishes } from "./config.ts";
import { leasePath, readRecord } from "./lease.ts";
import { usingOwners } from "./owners.ts";
import { finderOf } from "./search.ts";
import { openStore } from "./store.ts";

/** What it reads besides what an ADD does. */
export const schema = goObject({ prevResult: anyObject });

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
  const holdings =
    store && usingOwners(store, call.warn, (all) => all.holdingsOf(id, ifname, () => namedAddresses(call)));
  if (!store || !holdings?.ips.length) {
    const details = `no file in ${place.dataDir}/${place.network} names ${id} ${ifname}: its address may be given away`;
    throw new CniError(INTERNAL, `host-local: Failed to find address added by container ${id}`, details);
  }
  const { record, ips: held } = holdings;
  const ips = prevResult ? parsePrevResult(prevResult, call.version).ips.map(({ address }) => address.ip) : [];
  const find = finderOf(sets);
  const wrong = ips.filter(
    (ip) =>
      find(ip) !== undefined && !held.some((one) => equalIp(one, ip)) && readRecord(leasePath(store, ip)) !== record,
  );
  if (wrong.length === 0) return;
  const details = `${store.directory} has ${held.map(formatIp).join(" ")} for ${id} ${ifname}`;
  throw new CniError(
    INTERNAL,
    `host-local: ${wrong.map(formatIp).join(" ")} of prevResult is not leased to container ${id}`,
    details,
  );
}
