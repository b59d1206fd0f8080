/** The two sides of the comparison: a host, two containers and a directory for each set of plugins. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../support/command.ts";
import { netnsPath } from "../support/conf.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { BIN, REFERENCE } from "../support/needs.ts";
import { call, type Reply, type Site } from "../support/plugin.ts";
import { type CallStep, type Case, configOf, containerId } from "./case.ts";
import { changedResult } from "./prev-results.ts";

export interface Side extends Site {
  readonly name: "berth" | "reference";
  readonly lab: Lab;
  readonly dir: string;
  readonly containers: readonly [string, string];
  /** The last result of ADD for each container, by container ID and interface. */
  readonly results: Map<string, Json>;
  /** Random names of links seen so far, and what each is called in a comparison. */
  readonly names: Map<string, string>;
  /** The MAC address that a link had when it was last seen, by that name. */
  readonly macs: Map<string, string>;
}

export interface Twins {
  readonly berth: Side;
  readonly reference: Side;
  [Symbol.dispose](): void;
}

export function openTwins(): Twins {
  const berth = openSide("berth", BIN);
  try {
    const reference = openSide("reference", REFERENCE);
    return {
      berth,
      reference,
      [Symbol.dispose]: () => {
        berth.lab.close();
        reference.lab.close();
      },
    };
  } catch (error) {
    berth.lab.close();
    throw error;
  }
}

function openSide(name: Side["name"], bin: string): Side {
  const lab = openLab({ bin });
  mkdirSync(lab.store);
  mkdirSync(join(lab.dir, "foreign"));
  symlinkSync(join(REFERENCE, "static"), join(lab.dir, "foreign/static"));
  writeFileSync(join(lab.dir, "file"), "no namespace");
  writeFileSync(
    join(lab.dir, "resolv.conf"),
    "# of a test\nnameserver 192.0.2.53\nsearch a.example b.example\noptions ndots:2\n",
  );
  return {
    name,
    lab,
    host: lab.host,
    store: lab.store,
    dir: lab.dir,
    bin,
    running: new Set(),
    containers: [lab.container(), lab.container()],
    results: new Map(),
    names: new Map(),
    macs: new Map(),
  };
}

/** Makes the call of a step on one side. */
export function perform(side: Side, one: Case, step: CallStep): Reply {
  const key = `${containerId(step)} ${step.ifname ?? "eth0"}`;
  const conf = configOf(one, step);
  const before = side.results.get(key);
  if (step.prevResult !== undefined && before !== undefined) conf.prevResult = changedResult(before, step.prevResult);
  const stdin = step.stdin ?? JSON.stringify(conf).replaceAll("$DIR", side.dir);
  const reply = call(side, one.plugin, step.verb as never, {
    conf: stdin,
    id: containerId(step),
    path: `${side.bin}:${join(side.dir, "foreign")}`,
    ...(step.ifname !== undefined && { ifname: step.ifname }),
    ...(step.args !== undefined && { args: step.args }),
    env: { ...netnsOf(side, step), CNI_NETNS_OVERRIDE: step.override, ...without(step) },
  });
  if (step.verb === "ADD" && reply.status === 0) side.results.set(key, reply.json);
  return reply;
}

function netnsOf(side: Side, { netns = "own", guest, verb }: CallStep): Record<string, string | undefined> {
  if (verb === "GC" || verb === "STATUS")
    return { CNI_NETNS: undefined, CNI_CONTAINERID: undefined, CNI_IFNAME: undefined };
  if (netns === "unset") return { CNI_NETNS: undefined };
  const paths = {
    own: netnsPath(side.containers[guest]),
    missing: "/run/netns/absent",
    file: join(side.dir, "file"),
    host: netnsPath(side.host),
  };
  return { CNI_NETNS: paths[netns] };
}

function without({ without: names = [], verb }: CallStep): Record<string, undefined> {
  const all = verb === "" ? [...names, "CNI_COMMAND"] : names;
  return Object.fromEntries(all.map((name) => [name, undefined]));
}
