import { EACCES, EMFILE, EPERM, errnoOf, isErrno } from "../../../base/errno.ts";
import { Explained } from "../../../base/explained.ts";
import type { Prefix } from "../../../base/ip.ts";
import { wishedFeatures } from "../../../features/all.ts";
import { type Attached, macOf } from "../../../features/attached.ts";
import type { Machine } from "../../../features/machine.ts";
import { portMap } from "../../../features/port-map/feature.ts";
import type { PortMapWish } from "../../../features/port-map/wish.ts";
import { check as checkBandwidth } from "../../../plugins/bandwidth/check.ts";
import { readConfig as readPortMap } from "../../../plugins/portmap/config.ts";
import { addressesOf } from "../../../plugins/portmap/target.ts";
import { check as checkTuning } from "../../../plugins/tuning/check.ts";
import { listNeighs } from "../../../rtnl/neighbours.ts";
import type { Link } from "../../../rtnl/read-link.ts";
import { AF_INET, AF_INET6 } from "../../../rtnl/tables.ts";
import { CniError } from "../../../spec/errors.ts";
import type { Call, Plugin } from "../../../spec/plugin.ts";
import type { Result } from "../../../spec/result.ts";
import { parseResult } from "../../../spec/result-parse.ts";
import type { Attachment } from "../../node/attachments.ts";
import type { CachedAttachment } from "../../node/cache.ts";
import { callFor } from "../../repair.ts";
import { nameOfType } from "../../schemas.ts";
import type { AttachmentFacts, Inside, Missing, NetworkFacts } from "../facts.ts";
import { type FirewallAsked, withFirewalls } from "./firewalls.ts";
import { type Chained, chainedOf, failureOf, type Settings, settingsOf, typeOf } from "./networks.ts";

/** What is gathered of attachments beside them. */
export interface Around {
  readonly machine: Machine;
  readonly plugins: readonly Plugin[];
  readonly networks: readonly NetworkFacts[];
  readonly links: readonly Link[];
  /** Is told what could not be looked at. */
  unseen(line: string): void;
  /** What a look gives; `otherwise`, and told so, where it is refused. */
  seen<T>(what: string, look: () => T, otherwise: T): T;
}

/** Looks at each attachment from both sides, entering each namespace once. */
export function attachmentsOf(attachments: readonly Attachment[], around: Around): AttachmentFacts[] {
  const readers = new Map<string, Omit<Asked, "calls">>();
  const networks = new Map(around.networks.map((network) => [network.name, network]));
  const found = attachments.map((attachment): readonly [AttachmentFacts, FirewallAsked | undefined] => {
    const { cached, owner } = attachment;
    const result = cached && resultOf(cached);
    const { netns, inside } = lookInside(attachment, result, around);
    const outer = attachment.link ?? outerOf(inside, around.links);
    const network = networks.get(owner.network);
    const base = { ...attachment, network, result, netns, inside, outer, missing: [], mappings: [] };
    if (!cached || !result || !outer) return [base, undefined];
    const attached = attachedOf(cached, result, outer);
    const asked = { ...readerFor(cached, readers), calls: callsOf(cached, around) };
    const ports = portsOf(cached, asked.calls);
    const missing = [
      ...missingOf(cached, attached, asked, around),
      ...(ports ? portsMissing(ports, attached, result, around) : []),
    ];
    const { firewall } = asked.chained;
    return [{ ...base, missing, mappings: ports?.mappings ?? [] }, firewall && { config: firewall, result, attached }];
  });
  return around.seen(
    "CHECK of firewall",
    () => withFirewalls(found, around.machine),
    found.map(([one]) => one),
  );
}

/** Containers of one network mostly have one list, which is read once. */
function readerFor({ plugins, owner, version }: CachedAttachment, readers: Map<string, Omit<Asked, "calls">>) {
  const key = `${owner.network} ${version} ${JSON.stringify(plugins)}`;
  const known = readers.get(key) ?? {
    settings: settingsOf(owner.network, version, plugins),
    chained: chainedOf(owner.network, version, plugins),
  };
  readers.set(key, known);
  return known;
}

const callsOf =
  (cached: CachedAttachment, { plugins }: Around) =>
  (at: number): Call =>
    callFor(cached, cached.plugins[at] ?? {}, plugins, () => {});

function attachedOf({ owner }: CachedAttachment, result: Result, outer: Link): Attached {
  const addresses: Prefix[] = result.ips.map(({ address }) => address);
  return { owner, port: { name: outer.name, index: outer.index, mac: macOf(result, owner.ifname) }, addresses };
}

function resultOf({ result, version }: CachedAttachment): Result | undefined {
  try {
    return parseResult(result, version);
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}

/** The host's end by its peer, of an attachment that no alias names. */
function outerOf(inside: Inside | undefined, links: readonly Link[]): Link | undefined {
  const inner = inside?.link;
  if (!inner?.peer) return undefined;
  return links.find(({ index, peer, kind }) => index === inner.peer && peer === inner.index && kind === "veth");
}

/** AF_UNSPEC. */
const BOTH = 0;

type Look = Pick<AttachmentFacts, "netns" | "inside">;

function lookInside(
  { owner, cached, life }: Attachment,
  result: Result | undefined,
  { machine, unseen }: Around,
): Look {
  const path = cached?.netns;
  if (path === undefined) return { netns: life.is === "gone" ? "gone" : "unseen", inside: undefined };
  try {
    const sandbox = machine.openSandbox(path);
    const link = sandbox.findLink(owner.ifname);
    const families = new Set(result?.ips.map(({ address }) => (address.ip.length === 4 ? AF_INET : AF_INET6)));
    const routes = [...families].flatMap((family) => sandbox.listRoutes(family));
    const addrs = link ? sandbox.listAddrs(link.index) : [];
    const neighs = sandbox.ask((rtnl) => listNeighs(rtnl, BOTH)).filter(({ dev }) => dev === link?.index);
    return { netns: "there", inside: { link, addrs, routes, neighs } };
  } catch (error) {
    const cause = error instanceof Explained ? error.cause : error;
    if (!(error instanceof Explained) && errnoOf(error) === undefined) throw error;
    if (!isErrno(cause, EACCES, EPERM, EMFILE)) return { netns: "gone", inside: undefined };
    unseen(`${path}: ${(error as Error).message}`);
    return { netns: "unseen", inside: undefined };
  }
}

/** What the features of its bridge or ptp miss, and what its chained plugins say at CHECK. firewall is asked for all at once. */
function missingOf(
  { plugins, capabilityArgs }: CachedAttachment,
  attached: Attached,
  { settings, chained, calls }: Asked,
  { machine, seen }: Around,
): Missing[] {
  // What a container is registered as may be its own call's matter, of which the network knows nothing.
  const wished = wishedFeatures(settings.veth?.wishes ?? {}).filter(({ feature }) => feature.binds !== "service");
  const rules = wished.flatMap(({ feature, wish }) => {
    const message = seen(feature.what, () => feature.check(machine, wish, attached), undefined);
    return message === undefined ? [] : { what: feature.what, message, details: "" };
  });
  const others = plugins.flatMap((plugin, i) => {
    const name = nameOfType(typeOf(plugin)) ?? "";
    const check = CHECKS[name];
    if (!check || (name === "tuning" && !chained.tunes && !("mac" in capabilityArgs))) return [];
    const failure = seen(`CHECK of ${name}`, () => failureOf(() => check(calls(i), machine)), undefined);
    return failure ? { what: name, message: failure.message, details: failure.details } : [];
  });
  return [...rules, ...others];
}

/** What is asked of a container's plugins. */
interface Asked {
  readonly settings: Settings;
  readonly chained: Chained;
  /** The call of the plugin at a place of the list, made when it is wanted. */
  readonly calls: (at: number) => Call;
}

/** The CHECKs of those that look at what they have made alone. */
const CHECKS: Readonly<Record<string, (call: Call, machine: Machine) => void>> = {
  bandwidth: checkBandwidth,
  tuning: checkTuning,
};

/** What portmap was asked for; undefined: no ports. */
function portsOf({ plugins, capabilityArgs }: CachedAttachment, calls: Asked["calls"]): PortMapWish | undefined {
  const at = plugins.findIndex((plugin) => nameOfType(typeOf(plugin)) === "portmap");
  const isAsked = at >= 0 && Array.isArray(capabilityArgs.portMappings) && capabilityArgs.portMappings.length > 0;
  return isAsked ? wishIn(calls(at)) : undefined;
}

/** What the host's rules about its published ports lack. */
function portsMissing(wish: PortMapWish, attached: Attached, result: Result, { machine, seen }: Around): Missing[] {
  const addresses = addressesOf(result, attached.owner.ifname);
  const message = seen("CHECK of portmap", () => portMap.check(machine, wish, { ...attached, addresses }), undefined);
  return message === undefined ? [] : [{ what: "portmap", message, details: "" }];
}

function wishIn(call: Call): PortMapWish | undefined {
  try {
    return readPortMap(call).wish;
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}
