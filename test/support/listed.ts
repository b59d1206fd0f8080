/** Containers attached to a whole network list, with what libcni would remember of them: for the operator's commands. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json, Output } from "./command.ts";
import type { Lab } from "./lab.ts";

/** A network list; its plugins are in the order of their ADDs. */
export interface List {
  name: string;
  plugins: { type: string; [key: string]: unknown }[];
}

/** A bridge network NAME on bridge `NAME0` with host-local addresses of the subnet, and further plugins after it. */
export function listOf(lab: Lab, name: string, subnet: string, over: object = {}, ...chained: List["plugins"]): List {
  const bridge = lab.conf({
    ...{ name, bridge: `${name}0`, ipMasq: true },
    ipam: { type: "host-local", ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] },
    ...over,
  });
  const { name: _, cniVersion: __, ...plugin } = bridge;
  return { name, plugins: [plugin, ...chained] };
}

export interface Listed {
  id?: string;
  ns?: string;
  /** CNI_ARGS. */
  args?: string | undefined;
  /** By capability, for the plugins that have it. */
  capabilityArgs?: Record<string, unknown> | undefined;
}

/** Writes the list into the configuration directory of the laboratory. */
export function configure(lab: Lab, list: List): void {
  mkdirSync(join(lab.dir, "net.d"), { recursive: true });
  const text = JSON.stringify({ cniVersion: "1.0.0", ...list });
  writeFileSync(join(lab.dir, "net.d", `10-${list.name}.conflist`), text);
}

/** Adds a container to all of the list, and to the cache: the result, and the container's namespace. */
export function attachTo(lab: Lab, list: List, { id = "c1", ns = lab.container(), args, capabilityArgs }: Listed = {}) {
  let prevResult: Json | undefined;
  for (const plugin of list.plugins) {
    const wanted = (plugin.capabilities ?? {}) as Record<string, boolean>;
    const given = Object.entries(capabilityArgs ?? {}).filter(([name]) => wanted[name]);
    const conf = {
      ...{ ...plugin, cniVersion: "1.0.0", name: list.name },
      ...(given.length > 0 && { runtimeConfig: Object.fromEntries(given) }),
      ...(prevResult && { prevResult }),
    };
    prevResult = lab.add({ conf, id, ns, ...(args !== undefined && { args }) });
  }
  remember(lab, list, { id, ns, args, capabilityArgs, result: prevResult });
  return { ns, result: prevResult as Json };
}

const cacheFile = (lab: Lab, list: List, id: string) => join(lab.dir, "results", `${list.name}-${id}-eth0`);

function remember(lab: Lab, list: List, { id = "", ns = "", args, capabilityArgs, result }: Listed & { result: Json }) {
  mkdirSync(join(lab.dir, "results"), { recursive: true });
  const entry = {
    ...{ kind: "cniCacheV1", containerId: id, ifName: "eth0", networkName: list.name, result },
    config: Buffer.from(JSON.stringify({ cniVersion: "1.0.0", ...list })).toString("base64"),
    netns: `/run/netns/${ns}`,
    ...(args !== undefined && { cniArgs: args.split(";").map((pair) => pair.split("=")) }),
    ...(capabilityArgs && { capabilityArgs }),
  };
  writeFileSync(cacheFile(lab, list, id), JSON.stringify(entry));
}

/** As if libcni had forgotten it. */
export function forget(lab: Lab, list: List, id: string): void {
  rmSync(cacheFile(lab, list, id));
}

/** Runs `berth` in the host's namespace, with the directories of the laboratory. */
export function berth(lab: Lab, command: string, ...args: string[]): Output {
  return lab.attempt(lab.host, join(lab.bin, "berth"), ...command.split(" "), ...args);
}
