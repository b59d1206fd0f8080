/** A container on the network of a configuration file, attached and detached by the built executable. */
import type { Json } from "../../test/support/command.ts";
import type { Verb } from "../../test/support/conf.ts";
import type { Lab } from "../../test/support/lab.ts";
import { type ConfList, requestOf } from "./conflist.ts";

export interface Container {
  /** What the story calls it. */
  readonly name: string;
  /** Its network namespace. */
  readonly ns: string;
  /** CNI_CONTAINERID. */
  readonly id: string;
}

export interface Attached {
  /** The result of the list's last plugin. */
  readonly result: Json;
  /** Milliseconds that the plugins took. */
  readonly ms: number;
}

/** ADD of each plugin of the list, each given the result of the one before. Throws what the plugin says when it fails. */
export function attach(lab: Lab, list: ConfList, container: Container): Attached {
  let result: Json;
  let ms = 0;
  for (const plugin of list.plugins) {
    const answer = timed(lab, "ADD", plugin.type, requestOf(list, plugin, result), container);
    result = answer.json;
    ms += answer.ms;
  }
  return { result, ms };
}

/** DEL of each, the last one first. Milliseconds that they took. */
export function detach(lab: Lab, list: ConfList, container: Container, result: Json): number {
  const times = list.plugins
    .toReversed()
    .map((plugin) => timed(lab, "DEL", plugin.type, requestOf(list, plugin, result), container).ms);
  return times.reduce((sum, ms) => sum + ms, 0);
}

function timed(lab: Lab, verb: Verb, type: string, conf: ReturnType<typeof requestOf>, { ns, id }: Container) {
  const start = performance.now();
  const { status, stdout, stderr, json } = lab.call(type, verb, { conf, ns, id });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${verb} of ${type}: exit ${status}: ${stdout}${stderr}`);
  return { json, ms };
}
