/** The executable for arm64, emulated: what it answers and does is what this machine's does. */
import { describe, expect } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REGISTRY } from "../../src/registry.ts";
import { type Conf, environment, type Verb } from "../support/conf.ts";
import { ARM64_BIN, ARM64_RUNNER, arm64 } from "../support/foreign.ts";
import { BIN, built, needs } from "../support/needs.ts";

const test = needs(built, arm64);

/** A set of executables, and the words before a plugin's path. */
interface Side {
  bin: string;
  words(plugin: string): string[];
}
const EMULATED: Side = { bin: ARM64_BIN, words: (plugin) => [ARM64_RUNNER, "-0", plugin] };
const OWN: Side = { bin: BIN, words: () => [] };

/** Calls a plugin: how it ended, and what it printed, with a name in place of the directory. */
function call({ bin, words }: Side, plugin: string, verb: Verb, directory: string, conf: Conf) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...words(plugin), join(bin, plugin)], {
    stdin: Buffer.from(JSON.stringify(conf)),
    env: environment(verb, bin, { ns: "/dev/null" }),
  });
  const text = (output: Buffer) => output.toString().replaceAll(directory, "DIRECTORY");
  return { status: exitCode, stdout: text(stdout), stderr: text(stderr) };
}

/** The files of the leases, each with its content. */
function leases(directory: string): [string, string][] {
  const names = readdirSync(join(directory, "labnet")).sort();
  return names.map((name) => [name, readFileSync(join(directory, "labnet", name), "utf8")]);
}

type Answer = ReturnType<typeof call>;

/** The life of a lease: each answer, and what was on the disk after it. */
function life(side: Side): [Verb, Answer, [string, string][]][] {
  const directory = mkdtempSync(join(tmpdir(), "berth-arm64-"));
  const ranges = [[{ subnet: "10.77.0.0/24" }], [{ subnet: "fd00:77::/64" }]];
  const ipam = { type: "host-local", dataDir: directory, ranges, routes: [{ dst: "0.0.0.0/0" }] };
  const conf: Conf = { cniVersion: "1.1.0", name: "labnet", type: "host-local", ipam };
  const answers: ReturnType<typeof life> = [];
  try {
    let over = {};
    for (const verb of ["STATUS", "ADD", "CHECK", "ADD", "DEL", "DEL", "CHECK"] as const) {
      const answer = call(side, "host-local", verb, directory, { ...conf, ...over });
      if (verb === "ADD" && answer.status === 0) over = { prevResult: JSON.parse(answer.stdout) };
      answers.push([verb, answer, verb === "STATUS" ? [] : leases(directory)]);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return answers;
}

describe("the executable for arm64", () => {
  test.each(REGISTRY.map(({ name }) => name))("answers VERSION of %s", (plugin) => {
    const conf: Conf = { cniVersion: "1.1.0", name: "labnet", type: plugin };
    const answer = call(EMULATED, plugin, "VERSION", "/nowhere", conf);
    expect(answer).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(answer.stdout).supportedVersions).toContain("1.1.0");
    expect(answer).toEqual(call(OWN, plugin, "VERSION", "/nowhere", conf));
  });

  test("leases and gives back addresses with host-local", () => {
    const answers = life(EMULATED);
    const statuses = answers.map(([verb, { status }]) => `${verb} ${status}`);
    expect(statuses).toEqual(["STATUS 0", "ADD 0", "CHECK 0", "ADD 1", "DEL 0", "DEL 0", "CHECK 1"]);
    expect(answers[1]?.[1].stdout).toContain("10.77.0.2/24");
    expect(answers).toEqual(life(OWN));
  });

  test("says what is wrong as this machine's does", () => {
    const conf: Conf = { cniVersion: "1.1.0", name: "labnet", type: "bridge", bridge: "a/b" };
    const answer = call(EMULATED, "bridge", "ADD", "/nowhere", conf);
    expect(answer.status).toBe(1);
    expect(answer).toEqual(call(OWN, "bridge", "ADD", "/nowhere", conf));
  });
});
