import type { Plugin } from "../../spec/plugin.ts";
import { poolOf } from "../ipam/pool.ts";
import { type PoolView, surveyOf } from "../ipam/survey.ts";
import { type KnownNetwork, knownNetworks } from "../known-networks.ts";
import { type Node, type Places, readNode } from "../node/node.ts";
import type { Container } from "../runtimes/container.ts";

/** A network that is to be pruned, and what this node knows of it. */
export interface Subject {
  readonly known: KnownNetwork;
  /** The other networks that are configured. */
  readonly others: readonly KnownNetwork[];
  readonly node: Node;
  /** Undefined where its IPAM is not host-local. */
  readonly view: PoolView | undefined;
  /** Directories of IPAM plugins. */
  readonly path: readonly string[];
  readonly plugins: readonly Plugin[];
  /** Is told what plugins say, and what cannot be read. */
  warn(line: string): void;
}

/** What is asked of the machine besides. */
export interface Asking extends Pick<Subject, "path" | "plugins" | "warn"> {
  readonly places: Places;
  readonly containers: readonly Container[];
}

/** Undefined where no such network is configured or cached. Throws SysError, NetlinkError. */
export function subjectOf(network: string, { places, containers, ...rest }: Asking): Subject | undefined {
  const node = readNode(places, network, rest.warn);
  const all = knownNetworks(node.files, node.cached);
  const known = all.find((one) => one.network === network);
  if (!known) return undefined;
  const others = all.filter((one) => one !== known && one.file !== undefined);
  const [view] = poolOf(known, rest.plugins) ? surveyOf(node, network, containers, rest.plugins) : [];
  return { known, others, node, view, ...rest };
}
