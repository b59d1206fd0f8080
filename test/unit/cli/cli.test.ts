import { describe, expect, test } from "bun:test";
import { reference } from "../../../package.json";
import { cli } from "../../../src/cli.ts";
import { BERTH_VERSION } from "../../../src/skel/about.ts";
import { callEnv, fakePlugin } from "../../support/plugin-fake.ts";

const PLUGINS = [fakePlugin({ name: "bridge" }), fakePlugin({ name: "host-local" })];
const run = (argv: string[], env: ReadonlyMap<string, string> = new Map(), stdin = "") =>
  cli(
    { argv, env, stdin: () => stdin, stream: () => ({ isTerminal: false, columns: 80 }), progress: () => undefined },
    PLUGINS,
  );

describe("cli() as a plugin", () => {
  test.each([
    [["/opt/cni/bin/bridge"], "bridge"],
    [["bridge"], "bridge"],
    [["bridge", "host-local"], "bridge"],
    [["/usr/bin/berth", "host-local"], "host-local"],
    [["./renamed", "bridge"], "bridge"],
    [["/opt/cni/bin/cnv-bridge"], "bridge"],
    [["buildkit-cni-host-local", "bridge"], "host-local"],
    [["berth", "cnv-bridge"], "bridge"],
  ])("%j is %s", (argv, name) => {
    const { code, stdout, stderr } = run(argv);
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toStartWith(`CNI ${name} plugin ${reference}+berth.${BERTH_VERSION}\n`);
  });

  test("hands over environment and stdin", () => {
    const { code, stdout } = run(["bridge"], callEnv("ADD"), '{"cniVersion": "1.0.0", "name": "net"}');
    expect([code, JSON.parse(stdout)]).toEqual([0, { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] }]);
  });
});

describe("cli() as a command", () => {
  test.each([[["berth"]], [["/a/berth", "help"]], [["berth", "--help"]], [["berth", "-h"]]])(
    "%j prints help",
    (argv) => {
      const { code, stdout, stderr } = run(argv);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("bridge, host-local");
    },
  );

  test.each(["version", "--version"])("%s prints the version", (word) => {
    expect(run(["berth", word])).toEqual({ code: 0, stdout: `berth ${BERTH_VERSION}\n`, stderr: "" });
  });

  test.each([
    [["berth", "brigde"], "brigde"],
    [["/opt/cni/bin/macvlan"], "macvlan"],
    [["mybridge"], "mybridge"],
    [["bridge-v2"], "bridge-v2"],
    [["local"], "local"],
  ])("%j is refused with what there is", (argv, name) => {
    const { code, stdout, stderr } = run(argv);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toStartWith(`berth: there is no plugin and no command "${name}": `);
    expect(stderr).toContain("bridge, host-local");
  });

  test.each([
    [["/opt/cni/bin/macvlan"], "macvlan"],
    [["berth"], "berth"],
  ])("%j called by a runtime gives error JSON", (argv, name) => {
    const { code, stdout } = run(argv, callEnv("ADD"));
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { code: 7, msg: `berth has no plugin "${name}"` }]);
  });
});
