/** A laboratory set up for one network: what the campaigns of kills and errors do their calls in. */
import { join } from "node:path";
import type { Conf, Verb } from "../support/conf.ts";
import { environment, netnsPath } from "../support/conf.ts";
import { type Lab, openLab } from "../support/lab.ts";
import type { Reply } from "../support/plugin.ts";
import { additions, type Traces, traces } from "./remains.ts";

export type { Traces };

export interface BenchOptions {
  /** Directory of the plugins. */
  readonly bin: string;
  readonly ipMasq: boolean;
  /** What the probing calls are made of; `bridge` when absent. */
  readonly plugin?: "bridge" | "host-local" | "ptp";
  /** Containers are registered as endpoints of a service. */
  readonly registers?: boolean;
}

/** A host with a container that is attached for good, and a namespace in which attachments come and go. */
export interface Bench {
  readonly lab: Lab;
  readonly conf: Conf;
  /** Calls the plugin for the container `id`; `by` is a command to run it by: strace … */
  call(verb: Verb, id: string, options?: { by?: readonly string[]; conf?: object }): Reply & { signal?: string };
  /**
   * What is there and was not when the bench was set up, and what is missing. Unless it is `settled` by an ADD, a bridge
   * may be there that has nothing yet but its name: it is everybody's, and the next ADD makes it whole.
   */
  remains(settled?: boolean): string[];
  [Symbol.dispose](): void;
}

const WEB = { service: "web", ports: [{ name: "http", port: 8080 }] };

/** The attachment that is there all the time. */
export const LIVE = "live";
const TIMEOUT_S = "20";

/**
 * Opens a bench, on which the probing container was attached once and is not any more. With `usual` the machine is as
 * new instead, and `remains` tells what there is besides those traces.
 */
export function openBench({ bin, ipMasq, plugin = "bridge", registers = false }: BenchOptions, usual?: Traces): Bench {
  const lab = openLab({ bin });
  try {
    const conf = lab.conf({
      cniVersion: "1.1.0",
      ipMasq,
      ...(plugin === "ptp" && { type: plugin }),
      ipam: { type: "host-local", ranges: [[{ subnet: "10.77.0.0/28" }]], routes: [{ dst: "0.0.0.0/0" }] },
      berth: {
        indexDir: join(lab.dir, "index"),
        lockTimeout: 5,
        ...(registers && { register: { ...WEB, dir: join(lab.dir, "endpoints") } }),
      },
    });
    const [live, probe] = [lab.container(), lab.container()];
    if (!usual) {
      lab.add({ ns: live, id: LIVE, conf });
      lab.add({ ns: probe, id: "warm", conf });
      lab.del({ ns: probe, id: "warm", conf });
    }
    const look = () => traces(lab, [live, probe], ipMasq);
    const before = usual ?? look();
    const remains = (settled = false) => {
      const now = look().filter((line) => settled || !usual || line !== HALF_MADE);
      return [...additions(before, now), ...(usual ? [] : additions(now, before).map(missing))];
    };
    return benchIn(lab, join(bin, plugin), conf, probe, remains);
  } catch (error) {
    lab.close();
    throw error;
  }
}

/**
 * In a session of its own: a SIGTERM to the group of the tests (timeout(1), a terminal) is none of the trial's. And a call
 * that hangs ends with all that it has started.
 */
const ALONE = ["/usr/bin/setsid", "--wait", "/usr/bin/timeout", "--signal=KILL", TIMEOUT_S];

const HALF_MADE = "host: link lab0  ";
const missing = (line: string) => `missing: ${line}`;

function benchIn(lab: Lab, executable: string, conf: Conf, probe: string, remains: Bench["remains"]): Bench {
  return {
    lab,
    conf,
    call: (verb, id, { by = [], conf: over = {} } = {}) => {
      const child = Bun.spawnSync([...ALONE, "/usr/bin/nsenter", `--net=${netnsPath(lab.host)}`, ...by, executable], {
        stdin: Buffer.from(JSON.stringify({ ...conf, ...over })),
        env: environment(verb, lab.bin, { id, ns: probe }),
      });
      const stdout = child.stdout.toString();
      const signal = child.signalCode;
      return {
        status: child.exitCode ?? -1,
        ...(signal && { signal: String(signal) }),
        stdout,
        stderr: child.stderr.toString(),
        json: parsed(stdout),
      };
    },
    remains,
    [Symbol.dispose]: () => lab.close(),
  };
}

function parsed(text: string): Reply["json"] {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
