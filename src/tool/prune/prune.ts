import { unlink } from "#sys";
import { ENODEV } from "../../base/errno.ts";
import { settle } from "../../base/undo.ts";
import { removeEmptyTables } from "../../features/empty-tables.ts";
import { onMachine } from "../../features/machine.ts";
import { forgetLink } from "../../features/port-map/forget-link.ts";
import { dropStore } from "../../plugins/host-local/drop.ts";
import { deleteLink } from "../../rtnl/link.ts";
import { callOf, pluginOf, typeOf } from "../plugin-call.ts";
import { bridgesOf } from "./left.ts";
import type { Subject } from "./subject.ts";

/**
 * Removes what the network has left: first what its plugins' GC removes when no attachment is valid, then bridge, leases'
 * directory and index, empty tables and libcni's results. Each step is tried whatever the others do, but for those that need
 * the one before; returns what failed. Nothing of it is remembered: called again it goes on where it was killed.
 */
export function prune(subject: Subject): unknown[] {
  const failures = settle(subject.known.plugins.map((config) => () => collect(subject, config)));
  // A link or rule that is left is found by its lease.
  if (failures.length > 0) return failures;
  return settle([() => dropNetwork(subject), () => dropTables(), () => dropResults(subject)]);
}

/** The version that knows GC. */
const GC_VERSION = "1.1.0";

/** GC of a plugin of this executable, for which nobody is valid: it leaves what has come since it began. */
function collect({ known, plugins, path, warn }: Subject, config: object): void {
  const owner = { network: known.network, containerId: "", ifname: "" };
  const added = { "cni.dev/valid-attachments": [] };
  const call = callOf({ command: "GC", owner, version: GC_VERSION, config, added, path }, plugins, (line) =>
    warn(`${typeOf(config)}: ${line}`),
  );
  const plugin = pluginOf(config, plugins);
  if (plugin) plugin.GC?.(call);
  else warn(`${typeOf(config)} is no plugin of berth: what it left is not looked for`);
}

/** The bridge goes while no ADD can lease. Throws Error where somebody has come meanwhile. */
function dropNetwork(subject: Subject): void {
  const dropped = subject.view ? dropStore(subject.view.pool.place, () => dropBridges(subject)) : undefined;
  if (!dropped) dropBridges(subject);
  else if (dropped.is === "kept") throw new Error(dropped.because);
}

function dropBridges(subject: Subject): void {
  for (const { left, because } of bridgesOf(subject)) {
    if (because !== undefined || left.ports.length > 0) continue;
    const links = [...left.gateways, left.bridge];
    onMachine((machine) => {
      // The bridge last: by it the next call knows that this one was killed.
      machine.nft.orWithout(
        (client) => forgetLink(client, left.bridge.name),
        () => {},
      );
      machine.change(...links.map((link) => ({ ...deleteLink(link), tolerate: [ENODEV] })));
    });
  }
}

function dropTables(): void {
  onMachine(({ nft }) => nft.orWithout(removeEmptyTables, () => {}));
}

/** libcni's memory of attachments that are gone: its own GC forgets them as well. */
function dropResults({ node, known }: Subject): void {
  for (const { path, owner } of node.cached) if (owner.network === known.network) unlink(path);
}
