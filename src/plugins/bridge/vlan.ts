import { EOPNOTSUPP, isErrno, messageOf } from "../../base/errno.ts";
import type { Host } from "../../host/host.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { addVlans, deleteVlans, listVlans, type Vlans } from "../../rtnl/vlan.ts";
import { CniError, INTERNAL, INVALID_CONFIG, UNSUPPORTED_FIELD } from "../../spec/errors.ts";

/** The VLANs of a container's port. There are some, or the bridge is at least to filter. */
export interface PortVlans {
  /** Of what the container sends and gets without a tag; 0: none. */
  readonly vlan: number;
  /** Those that it may use with a tag, sorted. */
  readonly trunk: readonly number[];
  /** The bridge's default VLAN (1) stays on the port. */
  readonly preserveDefault: boolean;
}

/** The keys as they are in a configuration. */
export interface VlanKeys {
  readonly vlan?: number | undefined;
  readonly vlanTrunk?: readonly TrunkItem[] | undefined;
  readonly preserveDefaultVlan?: boolean | undefined;
}

interface TrunkItem {
  readonly id?: number | undefined;
  readonly minID?: number | undefined;
  readonly maxID?: number | undefined;
}

const LAST_VID = 4094;

/**
 * Checks the keys. `gateway` is the bridge whose gateway is to be an interface of the VLAN's own, if it is.
 * @throws CniError 7
 */
export function readPortVlans(keys: VlanKeys, gateway: string | undefined): PortVlans {
  const { vlan = 0, vlanTrunk = [], preserveDefaultVlan = false } = keys;
  if (vlan < 0 || vlan > LAST_VID)
    throw invalid(`invalid VLAN ID ${vlan} (must be between 0 and ${LAST_VID})`, `"vlan" is ${vlan}`);
  const trunk = vidsOf(vlanTrunk);
  if (vlan && gateway !== undefined && `${gateway}.${vlan}`.length > 15) {
    throw invalid(
      `"${gateway}.${vlan}" is too long for the name of an interface`,
      'with "isGateway" and "vlan" the gateway is the interface <bridge>.<vlan>, of at most 15 bytes: shorten "bridge"',
    );
  }
  return { vlan, trunk, preserveDefault: preserveDefaultVlan };
}

/** The VLANs of all items, sorted. An item counts where it begins and where it ends, however many VLANs are between. */
function vidsOf(items: readonly TrunkItem[]): number[] {
  const steps = new Int32Array(LAST_VID + 2);
  for (const [first, last] of items.flatMap(stretchesOf)) {
    steps[first] = (steps[first] as number) + 1;
    steps[last + 1] = (steps[last + 1] as number) - 1;
  }
  const vids: number[] = [];
  let open = 0;
  for (let vid = 1; vid <= LAST_VID; vid++) {
    open += steps[vid] as number;
    if (open > 0) vids.push(vid);
  }
  return vids;
}

/** The first and last VLAN of an item, of its range and of its single one. */
function stretchesOf(item: TrunkItem): [number, number][] {
  const { id, minID, maxID } = item;
  const stretches: [number, number][] = [];
  const wrong = (message: string) =>
    invalid(message, `vlanTrunk: ${JSON.stringify(item)}: an item is {"id": N} or {"minID": N, "maxID": N}, 1 to 4094`);
  if (minID !== undefined && maxID !== undefined) {
    if (!isVid(minID)) throw wrong("incorrect trunk minID parameter");
    if (!isVid(maxID)) throw wrong("incorrect trunk maxID parameter");
    if (maxID < minID) throw wrong("minID is greater than maxID in trunk parameter");
    stretches.push([minID, maxID]);
  } else if (minID !== undefined || maxID !== undefined) {
    const missing = minID === undefined ? "minID" : "maxID";
    throw wrong(`minID and maxID should be configured simultaneously, ${missing} is missing`);
  }
  if (id === undefined) return stretches;
  if (!isVid(id)) throw wrong("incorrect trunk id parameter");
  return [...stretches, [id, id]];
}

function isVid(id: number): boolean {
  return id >= 1 && id <= LAST_VID;
}

function invalid(message: string, details: string): CniError {
  return new CniError(INVALID_CONFIG, message, details);
}

/** Whether the keys put the port into any VLAN; an empty `vlanTrunk` only makes the bridge filter. */
export function hasVlans({ vlan, trunk }: PortVlans): boolean {
  return vlan !== 0 || trunk.length > 0;
}

/** What the port gets, in the reference's order: a later entry for the same VLAN replaces an earlier one. */
export function vlansOf({ vlan, trunk }: PortVlans): Vlans[] {
  const native = (vid: number) => ({ first: vid, last: vid, pvid: true, untagged: true });
  if (vlan) return [native(vlan), ...rangesOf(trunk)];
  return trunk.length > 0 ? [...rangesOf(trunk), native(1)] : [];
}

function rangesOf(vids: readonly number[]): Vlans[] {
  const ranges: { first: number; last: number; pvid: boolean; untagged: boolean }[] = [];
  for (const vid of vids) {
    const before = ranges.at(-1);
    if (before?.last === vid - 1) before.last = vid;
    else ranges.push({ first: vid, last: vid, pvid: false, untagged: false });
  }
  return ranges;
}

/**
 * Makes sure that the kernel knows VLANs on bridges, before anything else is made. `warn` is told of a bridge that does
 * not filter: it was made without VLANs, and is left as it is, as by the reference.
 * @throws CniError 2
 */
export function assertFiltering(host: Host, bridge: Link, vlans: PortVlans, warn: (line: string) => void): void {
  try {
    if (hasVlans(vlans)) host.ask((rtnl) => listVlans(rtnl, bridge.index));
  } catch (error) {
    throw isErrno(error, EOPNOTSUPP) ? noFiltering(vlans, error) : error;
  }
  if (bridge.vlanFiltering) return;
  warn(
    `bridge ${bridge.name} does not filter VLANs, so that they do not separate anything: ip link set ${bridge.name} type bridge vlan_filtering 1`,
  );
}

/** Any link will do for asking: what is no bridge is refused in another way. */
const LOOPBACK = 1;

/** Whether the kernel has no VLANs on bridges, without changing anything. Only where its bridges are loaded. */
export function lacksFiltering(host: Host, bridge: Link | undefined): boolean {
  try {
    host.ask((rtnl) => listVlans(rtnl, bridge?.index ?? LOOPBACK));
    return false;
  } catch (error) {
    return isErrno(error, EOPNOTSUPP);
  }
}

/** That the kernel lacks what `vlans` needs. */
export function noFiltering({ vlan, trunk }: PortVlans, cause: unknown): CniError {
  const field = vlan ? `vlan ${vlan}` : `vlanTrunk ${JSON.stringify(trunk)}`;
  return new CniError(
    UNSUPPORTED_FIELD,
    `unsupported field: ${field}: this kernel is built without CONFIG_BRIDGE_VLAN_FILTERING`,
    'bridges of this machine cannot filter VLANs: use a kernel with that option, or leave "vlan" and "vlanTrunk" out',
    cause,
  );
}

/** Puts a new port of a bridge into its VLANs, and out of the default one. @throws CniError */
export function joinVlans(host: Host, port: Link, vlans: PortVlans): void {
  if (!hasVlans(vlans)) return;
  try {
    const present = vlans.preserveDefault ? [] : host.ask((rtnl) => listVlans(rtnl, port.index));
    const removal = present.length > 0 ? [deleteVlans(port, present)] : [];
    host.change(...removal, addVlans(port, vlansOf(vlans)));
  } catch (error) {
    throw new CniError(
      INTERNAL,
      `failed to setup vlan tag on interface ${port.name}: ${messageOf(error)}`,
      `see bridge vlan show dev ${port.name}`,
      error,
    );
  }
}

/** What of `joinVlans` is not so any more, in words; undefined when all is. */
export function missingVlans(host: Host, port: Link, vlans: PortVlans): string | undefined {
  if (!hasVlans(vlans)) return undefined;
  const present = host.ask((rtnl) => listVlans(rtnl, port.index));
  const holds = (vid: number) => present.find(({ first, last }) => first <= vid && vid <= last);
  const native = vlans.vlan || (vlans.trunk.length > 0 ? 1 : 0);
  for (const vid of vlans.trunk) if (!holds(vid)) return `VLAN ${vid} is missing`;
  if (native && !holds(native)) return `VLAN ${native} is missing`;
  const pvid = native && !(vlans.vlan && vlans.trunk.includes(native));
  return pvid && !holds(native)?.pvid ? `VLAN ${native} is not its PVID` : undefined;
}
