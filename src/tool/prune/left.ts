import { stat } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { emptyTables } from "../../features/empty-tables.ts";
import { onMachine } from "../../features/machine.ts";
import { tracesOf } from "../../features/traces.ts";
import { type Left, leftOf } from "../../plugins/bridge/left.ts";
import { indexPath } from "../../plugins/host-local/index-file.ts";
import { directoryOf } from "../../plugins/host-local/store.ts";
import { aliasPrefix } from "../../veth/names.ts";
import type { KnownNetwork } from "../known-networks.ts";
import { pluginOf } from "../plugin-call.ts";
import type { Subject } from "./subject.ts";

/** What is left of a network on this machine. */
export interface Leftovers {
  /** What a prune removes, for people, a line each: "bridge cni0". */
  readonly removable: readonly string[];
  /** What stays, and why: "bridge cni0 stays: berth did not make it". */
  readonly kept: readonly string[];
}

/** Looks for it. Throws SysError, NetlinkError. */
export function leftoversOf(subject: Subject): Leftovers {
  const { known, node, view } = subject;
  const bridges = bridgesOf(subject);
  const removable = [
    ...(view?.leases ?? []).map(({ lease: { address, holder } }) => `lease ${address} of ${holder?.id ?? "nobody"}`),
    ...node.links.filter(({ alias }) => alias.startsWith(aliasPrefix(known.network))).map(({ name }) => `link ${name}`),
    ...bridges.flatMap(({ left, because }) => (because === undefined ? linksOf(left) : [])),
    ...rulesOf(known.network),
    ...filesOf(subject),
  ];
  const kept = bridges.flatMap(({ left, because }) =>
    because === undefined ? [] : [`bridge ${left.bridge.name} stays: ${because}`],
  );
  return { removable, kept };
}

function linksOf({ bridge, gateways }: Left): string[] {
  return [...gateways.map(({ name }) => `link ${name}`), `bridge ${bridge.name}`];
}

function rulesOf(network: string): string[] {
  return onMachine(({ nft }) =>
    nft.orWithout(
      (client) => [...tracesOf(client, network), ...emptyTables(client)],
      () => [],
    ),
  );
}

function filesOf({ node, known, view }: Subject): string[] {
  const results = node.cached
    .filter(({ owner }) => owner.network === known.network)
    .map(({ path }) => `result ${path}`);
  if (!view) return results;
  const { place } = view.pool;
  const found = attempt(() => stat(directoryOf(place)));
  if (!found) return results;
  const index = indexPath({ place, stat: found });
  const isThere = attempt(() => stat(index)) !== undefined;
  return [`directory ${directoryOf(place)}`, ...(isThere ? [`index ${index}`] : []), ...results];
}

/** A bridge of the network's, and why it stays; undefined where it may go. */
export interface FoundBridge {
  readonly left: Left;
  readonly because: string | undefined;
}

/** The bridges that the network's plugins name. */
export function bridgesOf({ known, others, plugins }: Pick<Subject, "known" | "others" | "plugins">): FoundBridge[] {
  return onMachine((machine) => {
    const namedBy = ({ plugins: list }: KnownNetwork): Left[] =>
      list.flatMap((config) => (pluginOf(config, plugins)?.name === "bridge" ? (leftOf(machine, config) ?? []) : []));
    const shared = new Map(others.flatMap((one) => namedBy(one).map(({ bridge }) => [bridge.name, one.network])));
    return namedBy(known).map((left) => ({ left, because: reasonToKeep(left, shared.get(left.bridge.name)) }));
  });
}

function reasonToKeep({ ours, ports }: Left, other: string | undefined): string | undefined {
  if (!ours) return "berth did not make it";
  if (other !== undefined) return `network ${other} has it, too`;
  const names = ports.filter(({ alias }) => !alias.startsWith("berth:")).map(({ name }) => name);
  return names.length > 0 ? `it has ports of others: ${names.join(", ")}` : undefined;
}
