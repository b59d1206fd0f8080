import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { formatPrefix } from "../../../src/base/ip.ts";
import { delegate, delegateAdd, delegateAddInProcess, delegateLeases } from "../../../src/delegate/delegate.ts";
import { readEnv } from "../../../src/spec/env.ts";
import { CniError } from "../../../src/spec/errors.ts";
import type { Call, Plugin, Verb } from "../../../src/spec/plugin.ts";
import { executables } from "../../support/executables.ts";
import { callEnv, fakePlugin, ONE_ADDRESS } from "../../support/plugin-fake.ts";
import { refusal, refusalOf } from "../../support/refusal.ts";

const STDIN = '{ "cniVersion": "1.0.0",  "name": "net" }';

/** The call of an upper plugin whose CNI_PATH is `dir`. */
function upper(dir: string, plugins: Plugin[] = [], verb: Verb = "ADD"): Call & { warnings: string[] } {
  const warnings: string[] = [];
  const variables = callEnv(verb, { CNI_PATH: dir, PATH: "/usr/bin:/bin", CNI_ARGS: "A=1" });
  return {
    env: readEnv(variables, []),
    stdin: STDIN,
    config: JSON.parse(STDIN),
    name: "net",
    version: "1.0.0",
    delegates: plugins,
    warn: (line) => void warnings.push(line),
    warnings,
  };
}

describe("delegateAdd() of another executable", () => {
  test("runs it with the same stdin and environment, CNI_COMMAND apart", () => {
    using path = executables();
    const out = join(path.dir, "out");
    path.script("ipam", `cat > ${out}; env | grep CNI_ | sort >> ${out}; echo '{"ips": [{"address": "10.0.0.2/8"}]}'`);
    const { result, attached } = delegateAdd("ipam", upper(path.dir, [], "CHECK"));
    expect(result.ips.map(({ address }) => formatPrefix(address))).toEqual(["10.0.0.2/8"]);
    expect(attached).toBeUndefined();
  });

  test("takes it back with its DEL", async () => {
    using path = executables();
    const out = join(path.dir, "out");
    path.script("ipam", `{ cat; env | grep ^CNI_ | sort; } > ${out}; echo null`);
    const { rollback, result } = delegateAdd("ipam", upper(path.dir));
    expect(result.ips).toEqual([]);
    expect(await Bun.file(out).text()).toStartWith(`${STDIN}CNI_ARGS=A=1\nCNI_COMMAND=ADD\nCNI_CONTAINERID=c1\n`);
    rollback();
    expect(await Bun.file(out).text()).toContain("\nCNI_COMMAND=DEL\n");
  });

  test("passes on what it says and throws its error unchanged", () => {
    using path = executables();
    path.script("ipam", `echo hint >&2; echo '{"ips": []}'`);
    path.script("bad", `echo '{"code": 11, "msg": "full", "details": "d"}'; exit 1`);
    const call = upper(path.dir);
    delegateAdd("ipam", call);
    expect(call.warnings).toEqual(["hint\n"]);
    expect(refusal(() => delegateAdd("bad", call)).text).toBe("full; d");
  });

  test("refuses a result that is none", () => {
    using path = executables();
    path.script("ipam", "echo hello");
    path.script("wrong", `echo '{"ips": 5}'`);
    expect(refusalOf(() => delegateAdd("ipam", upper(path.dir)))).toEqual([
      6,
      'plugin "ipam" succeeded without printing a result: "hello\\n"',
    ]);
    expect(refusalOf(() => delegateAdd("wrong", upper(path.dir)))[1]).toBe('result of "wrong".ips: 5 is not an array');
  });
});

describe("delegate() of this executable", () => {
  test("runs the plugin in this process", () => {
    using path = executables();
    path.self("fake");
    const seen: unknown[] = [];
    const attached = () => {};
    const plugin = fakePlugin({
      ADD: ({ env, stdin }) => {
        seen.push(env.command, env.containerId, stdin);
        return { result: ONE_ADDRESS, attached };
      },
      DEL: ({ env }) => void seen.push(env.command),
    });
    const added = delegateAdd("fake", upper(path.dir, [plugin], "CHECK"));
    expect([added.result, added.attached]).toEqual([ONE_ADDRESS, attached]);
    added.rollback();
    expect(seen).toEqual(["ADD", "c1", STDIN, "DEL"]);
  });

  test("prefers the plugin's own way of taking back", () => {
    using path = executables();
    path.self("fake");
    const rollback = () => {};
    const plugin = fakePlugin({ ADD: () => ({ result: ONE_ADDRESS, rollback }) });
    expect(delegateAdd("fake", upper(path.dir, [plugin])).rollback).toBe(rollback);
  });

  test("throws its error unchanged, after passing on its warnings", () => {
    using path = executables();
    path.self("fake");
    const CHECK = ({ warn }: Call) => {
      warn("look");
      throw new CniError(101, "m", "d");
    };
    const call = upper(path.dir, [fakePlugin({ CHECK })]);
    const { code, message, details } = refusal(() => delegate("fake", "CHECK", call));
    expect([code, message, details, call.warnings]).toEqual([101, "m", "d", ["look"]]);
  });

  test("runs another file of that name as a process", () => {
    using path = executables();
    path.script("fake", `echo '{"code": 100, "msg": "process"}'; exit 1`);
    expect(refusalOf(() => delegate("fake", "DEL", upper(path.dir, [fakePlugin()])))).toEqual([100, "process"]);
  });
});

test("delegateAddInProcess() looks at the file that would run, not at its name", () => {
  using path = executables();
  path.self("fake");
  path.self("unknown");
  path.script("other", "");
  const call = upper(path.dir, [fakePlugin(), fakePlugin({ name: "other" })]);
  const added = ["fake", "unknown", "other"].map((type) => delegateAddInProcess(type, call) !== undefined);
  expect(added).toEqual([true, false, false]);
  expect(refusalOf(() => delegateAddInProcess("gone", call))[0]).toBe(7);
});

test("delegateLeases() asks a plugin of this executable, and gives nothing for others", () => {
  using path = executables();
  path.self("ipam");
  path.script("dhcp", "exit 1");
  const held = [{ address: Uint8Array.of(10, 0, 0, 1), ours: true }];
  const call = upper(path.dir, [fakePlugin({ name: "ipam", leases: () => held })], "DEL");
  expect(delegateLeases("ipam", call)).toEqual(held);
  expect(delegateLeases("dhcp", call)).toBeUndefined();
  expect(refusalOf(() => delegateLeases("gone", call))[0]).toBe(7);
});
