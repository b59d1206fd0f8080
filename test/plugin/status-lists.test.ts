/** STATUS of the network lists that runtimes ship, as libcni asks it: a healthy machine is ready for all of them. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../support/command.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { BIN, built, type Need, namespaces, needs } from "../support/needs.ts";

const FOLDER = join(import.meta.dir, "../../../shared/cases/conflists");
const lists: Need = { what: `${FOLDER} (the network lists of runtimes)`, met: () => existsSync(FOLDER) };

/** cnv-bridge, buildkit-cni-host-local: what runtimes call the plugins of this executable. */
const OURS = /^(.*-)?(bridge|host-local|loopback)$/;

/** The calls of a list: [file, name of the executable, configuration]. IPAM is asked by whoever it belongs to. */
type Question = [file: string, plugin: string, config: Json];

function questionsOf(file: string): Question[] {
  const { name, plugins } = JSON.parse(readFileSync(join(FOLDER, file), "utf8"));
  return plugins.flatMap((plugin: Json): Question[] => {
    const config = { ...plugin, name, cniVersion: "1.1.0" };
    const { type, ipam } = plugin;
    const asked = OURS.test(type) ? type : OURS.test(ipam?.type) ? ipam.type : undefined;
    return asked ? [[file, asked, config]] : [];
  });
}

const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((file) => file.endsWith(".conflist")) : [];
const questions = files.sort().flatMap(questionsOf);

/** libcni's environment of STATUS, and the little that the spec asks for. */
const ENVIRONMENTS = ["", undefined].map((empty) => ({
  CNI_CONTAINERID: empty,
  CNI_NETNS: empty,
  CNI_IFNAME: empty,
  CNI_ARGS: empty,
}));

/** A directory in which the plugins have the names that the lists call them by. */
function namedIn(lab: Lab): string {
  const bin = join(lab.dir, "bin");
  mkdirSync(bin);
  for (const name of new Set(
    questions.flatMap(([, plugin, { ipam }]) => [plugin, ipam?.type]).filter((one) => OURS.test(one)),
  )) {
    symlinkSync(join(BIN, "berth"), join(bin, name));
  }
  return bin;
}

const isReady = (_: string, plugin: string, conf: Json) =>
  inLab((lab) => {
    const bin = namedIn(lab);
    for (const env of ENVIRONMENTS) {
      const { status, stdout, stderr } = lab.call(plugin, "STATUS", { conf, env, bin });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    }
  })();

needs(namespaces, built, lists).each(questions)("STATUS is ready, without a word, for %s: %s", (file, plugin, conf) =>
  isReady(file, plugin, conf),
);
