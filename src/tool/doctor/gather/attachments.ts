import { attempt } from "../../../base/attempt.ts";
import { EACCES, EMFILE, EPERM, errnoOf, isErrno } from "../../../base/errno.ts";
import { Explained } from "../../../base/explained.ts";
import type { Prefix } from "../../../base/ip.ts";
import { wishedFeatures } from "../../../features/all.ts";
import { macOf } from "../../../features/attached.ts";
import type { Machine } from "../../../features/machine.ts";
import type { PortMapping } from "../../../features/port-map/wish.ts";
import { check as checkBandwidth } from "../../../plugins/bandwidth/check.ts";
import { check as checkPortMap } from "../../../plugins/portmap/check.ts";
import { readConfig as readPortMap } from "../../../plugins/portmap/config.ts";
import { check as checkTuning } from "../../../plugins/tuning/check.ts";
import { listNeighs } from "../../../rtnl/list-neighs.ts";
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
import { failureOf, type Settings, settingsOf, typeOf } from "./networks.ts";

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
  const settings = new Map<string, Settings>();
  const networks = new Map(around.networks.map((network) => [network.name, network]));
  return attachments.map((attachment): AttachmentFacts => {
    const { cached, owner } = attachment;
    const network = networks.get(owner.network);
    const result = cached && resultOf(cached);
    const { netns, inside } = lookInside(attachment, result, around);
    const outer = attachment.link ?? outerOf(inside, around.links);
    const base = { ...attachment, network, result, netns, inside, outer };
    if (!cached || !result || !outer) return { ...base, missing: [], mappings: [] };
    const calls = cached.plugins.map((plugin) => callFor(cached, plugin, around.plugins, () => {}));
    return {
      ...base,
      missing: missingOf(cached, result, outer, calls, around, settings),
      mappings: mappingsOf(cached, calls),
    };
  });
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
    const neighs = sandbox.ask(listNeighs).filter(({ index }) => index === link?.index);
    return { netns: "there", inside: { link, addrs, routes, neighs } };
  } catch (error) {
    const cause = error instanceof Explained ? error.cause : error;
    if (!(error instanceof Explained) && errnoOf(error) === undefined) throw error;
    if (!isErrno(cause, EACCES, EPERM, EMFILE)) return { netns: "gone", inside: undefined };
    unseen(`${path}: ${(error as Error).message}`);
    return { netns: "unseen", inside: undefined };
  }
}

/** What the features of its bridge or ptp miss, and what its chained plugins say at CHECK. */
function missingOf(
  { plugins, owner, version }: CachedAttachment,
  result: Result,
  outer: Link,
  calls: readonly Call[],
  around: Around,
  settings: Map<string, Settings>,
): Missing[] {
  const key = JSON.stringify(plugins);
  const known = settings.get(key) ?? settingsOf(owner.network, version, plugins);
  settings.set(key, known);
  const addresses: Prefix[] = result.ips.map(({ address }) => address);
  const attached = { owner, port: { name: outer.name, mac: macOf(result, owner.ifname) }, addresses };
  const rules = wishedFeatures(known.veth?.wishes ?? {}).flatMap(({ feature, wish }) => {
    const message = around.seen(feature.what, () => feature.check(around.machine, wish, attached), undefined);
    return message === undefined ? [] : { what: feature.what, message, details: "" };
  });
  const chained = calls.flatMap((call, i) => {
    const type = typeOf(plugins[i] ?? {});
    const check = CHECKS[nameOfType(type) ?? ""];
    const failure =
      check && around.seen(`CHECK of ${type}`, () => failureOf(() => check(call, around.machine)), undefined);
    return failure ? { what: type, message: failure.message, details: failure.details } : [];
  });
  return [...rules, ...chained];
}

/** The CHECKs of those that change what others have made: they look at that alone. firewall's is of all at once. */
const CHECKS: Readonly<Record<string, (call: Call, machine: Machine) => void>> = {
  bandwidth: checkBandwidth,
  portmap: checkPortMap,
  tuning: checkTuning,
};

function mappingsOf({ plugins }: CachedAttachment, calls: readonly Call[]): readonly PortMapping[] {
  const at = plugins.findIndex((plugin) => nameOfType(typeOf(plugin)) === "portmap");
  const call = calls[at];
  return (call && attempt(() => mappingsIn(call))) ?? [];
}

function mappingsIn(call: Call): readonly PortMapping[] {
  try {
    return readPortMap(call).wish.mappings;
  } catch (error) {
    if (error instanceof CniError) return [];
    throw error;
  }
}
