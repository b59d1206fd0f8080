import type { Machine } from "../../features/machine.ts";
import { portMap } from "../../features/port-map/feature.ts";
import type { Call } from "../../spec/plugin.ts";
import { readRemains } from "./config.ts";

/**
 * Removes the mappings of an attachment, known by its owner: the namespace, the earlier result and runtimeConfig may be gone,
 * and the configuration may have changed. What is not there counts as removed. @throws Explained, NetlinkError
 */
export function del({ name, env, config, warn }: Call, machine: Machine): void {
  const owner = { network: name, containerId: env.containerId, ifname: env.ifname };
  const wish = { mappings: readRemains(config), snat: true, masqAll: false };
  portMap.remove(machine, wish, { owner, leases: undefined, warn });
}
