import { describe, expect, test } from "bun:test";
import { CniError } from "../../../src/spec/errors.ts";
import type { Call } from "../../../src/spec/plugin.ts";
import { VERSIONS } from "../../../src/spec/versions.ts";
import { callEnv, fakePlugin, ONE_ADDRESS } from "../../support/plugin-fake.ts";
import { call, conf } from "./call.ts";

const OWN = "/proc/self/ns/net";
const unread = (): string => {
  throw new Error("stdin was read");
};

describe("run() without a handler", () => {
  test("tells about itself on stderr when CNI_COMMAND is unset or empty", () => {
    for (const env of [new Map(), new Map([["CNI_COMMAND", ""]])]) {
      const { code, stdout, stderr } = call(fakePlugin(), env, unread);
      expect([code, stdout]).toEqual([0, ""]);
      const [name, ...rest] = stderr.split("\n");
      expect(name).toMatch(/^CNI fake plugin v\d+\.\d+\.\d+\+berth\.\d+\.\d+\.\d+$/);
      expect(rest).toEqual([expect.stringMatching(/^CNI protocol versions supported: 0\.1\.0, 0\.2\.0, /), ""]);
    }
  });

  test("answers VERSION in one line, without reading stdin", () => {
    const { code, stdout } = call(
      fakePlugin({ versions: ["0.4.0", "1.0.0"] }),
      new Map([["CNI_COMMAND", "VERSION"]]),
      unread,
    );
    expect([code, stdout]).toEqual([0, '{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.0.0"]}\n']);
  });

  test("refuses an unknown command, but only after its configuration", () => {
    const env = new Map([["CNI_COMMAND", "constructor"]]);
    expect(call(fakePlugin(), env).json).toMatchObject({ code: 4, msg: "unknown CNI_COMMAND: constructor" });
    expect(call(fakePlugin(), env, "{").json.code).toBe(6);
    expect(call(fakePlugin(), env, "{}").json).toEqual({ code: 7, msg: "missing network name" });
  });

  test("succeeds silently for GC and STATUS", () => {
    for (const verb of ["GC", "STATUS"] as const) {
      expect(call(fakePlugin(), callEnv(verb))).toEqual({ code: 0, stdout: "", stderr: "", json: undefined });
    }
  });
});

describe("run() checks", () => {
  const variables = {
    ADD: "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH",
    CHECK: "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH",
    DEL: "CNI_CONTAINERID,CNI_IFNAME,CNI_PATH",
    GC: "CNI_PATH",
    STATUS: "CNI_PATH",
  };

  test.each(Object.entries(variables))("the variables of %s before stdin", (verb, names) => {
    const { code, json } = call(fakePlugin(), new Map([["CNI_COMMAND", verb]]), unread);
    expect([code, json]).toEqual([1, { code: 4, msg: `required env variables [${names}] missing` }]);
  });

  test("that stdin can be read", () => {
    const { json } = call(fakePlugin(), callEnv("ADD"), unread);
    expect(json).toEqual({ code: 5, msg: "error reading from stdin: stdin was read" });
  });

  test("the configuration's version", () => {
    const { json } = call(fakePlugin({ versions: ["0.1.0", "0.2.0"] }), callEnv("DEL"), conf({ cniVersion: "9.9.9" }));
    expect(json).toEqual({
      code: 1,
      msg: "incompatible CNI versions",
      details: 'config is "9.9.9", plugin supports ["0.1.0" "0.2.0"]',
    });
  });

  test.each([
    ["CHECK", "0.3.1", VERSIONS, "config version does not allow CHECK"],
    ["CHECK", "1.1.0", ["0.4.0", "1.0.0"], "plugin version does not allow CHECK"],
    ["GC", "1.0.0", VERSIONS, "config version does not allow GC"],
    ["STATUS", "1.0.0", VERSIONS, "config version does not allow STATUS"],
    ["STATUS", "1.1.0", ["1.0.0"], "plugin version does not allow STATUS"],
    ["CHECK", "0.9.0", VERSIONS, "incompatible CNI versions"],
  ] as const)("whether %s is allowed in version %s", (verb, cniVersion, versions, msg) => {
    const { json } = call(fakePlugin({ versions }), callEnv(verb), conf({ cniVersion }));
    expect([json.code, json.msg]).toEqual([1, msg]);
  });

  // Go callers print message and details as one text, and upstream's suites compare it.
  test("says no more than the reference where that says all", () => {
    const details = (command: string, cniVersion: string) => {
      const env = new Map([...callEnv("ADD"), ["CNI_COMMAND", command] as const]);
      return call(fakePlugin(), env, conf({ cniVersion })).json.details;
    };
    for (const [command, version] of [
      ["CHECK", "0.3.1"],
      ["STATUS", "1.0.0"],
      ["FROB", "1.0.0"],
    ] as const) {
      expect([command, details(command, version)]).toEqual([command, undefined]);
    }
    expect(details("ADD", "9.9.9")).toStartWith('config is "9.9.9", plugin supports');
  });

  test("that CHECK's version is one", () => {
    const { json } = call(fakePlugin(), callEnv("CHECK"), conf({ cniVersion: "a.b" }));
    expect(json).toMatchObject({ code: 6, msg: 'invalid version "a.b": "a" is not a decimal number' });
  });

  test("lengths for ADD, and lets DEL free what another plugin made", () => {
    const stdin = conf({ name: "n".repeat(256) });
    expect(call(fakePlugin(), callEnv("ADD"), stdin).json.code).toBe(7);
    expect(call(fakePlugin(), callEnv("DEL"), stdin).code).toBe(0);
  });
});

describe("run() with the caller's own namespace", () => {
  const entered: string[] = [];
  const note = ({ env }: Call) => void entered.push(env.netns);
  const plugin = fakePlugin({
    ADD: (c) => {
      note(c);
      return { result: ONE_ADDRESS };
    },
    DEL: note,
    CHECK: note,
  });

  test.each(["ADD", "CHECK"] as const)("refuses %s before the handler", (verb) => {
    entered.length = 0;
    const { code, json } = call(plugin, callEnv(verb, { CNI_NETNS: OWN }));
    expect([code, json.code]).toEqual([1, 8]);
    expect(json.msg).toBe("plugin's netns and netns from CNI_NETNS should not be the same");
    expect(entered).toEqual([]);
  });

  test("hides it from DEL and says so", () => {
    entered.length = 0;
    const { code, stderr } = call(plugin, callEnv("DEL", { CNI_NETNS: OWN }));
    expect([code, entered]).toEqual([0, [""]]);
    expect(stderr).toContain(OWN);
  });

  test.each(["1", "true", "TRUE"])("allows it with CNI_NETNS_OVERRIDE=%s", (override) => {
    entered.length = 0;
    for (const verb of ["ADD", "CHECK", "DEL"] as const) {
      expect(call(plugin, callEnv(verb, { CNI_NETNS: OWN, CNI_NETNS_OVERRIDE: override })).code).toBe(0);
    }
    expect(entered).toEqual([OWN, OWN, OWN]);
  });

  test("does not mind a path that is not there", () => {
    entered.length = 0;
    expect(call(plugin, callEnv("ADD")).code).toBe(0);
    expect(entered).toEqual(["/nowhere"]);
  });
});

describe("run() answers", () => {
  test("ADD with the result in the configuration's version", () => {
    const { code, json } = call(fakePlugin(), callEnv("ADD"), conf({ cniVersion: "0.4.0" }));
    const ips = [{ version: "4", address: "10.1.2.3/24" }];
    expect([code, json]).toEqual([0, { cniVersion: "0.4.0", ips, dns: {} }]);
  });

  test("with the way back that the handler hands on", () => {
    const rollback = () => {};
    const reply = call(fakePlugin({ ADD: () => ({ result: ONE_ADDRESS, rollback }) }), callEnv("ADD"));
    expect(reply.rollback).toBe(rollback);
    expect(call(fakePlugin(), callEnv("ADD"))).not.toHaveProperty("rollback");
  });

  test("with warnings, one a line, also when it fails", () => {
    const DEL = ({ warn }: Call) => {
      warn("one");
      warn("two\n");
      throw new CniError(11, "busy");
    };
    expect(call(fakePlugin({ DEL }), callEnv("DEL")).stderr).toBe("one\ntwo\n");
  });

  test("an ADD whose result has no form in the version is taken back", () => {
    let undone = 0;
    const result = { ...ONE_ADDRESS, ips: [] };
    const rollback = () => {
      undone++;
      throw new Error("stuck");
    };
    const reply = call(
      fakePlugin({ ADD: () => ({ result, rollback }) }),
      callEnv("ADD"),
      conf({ cniVersion: "0.2.0" }),
    );
    expect([reply.code, reply.json]).toEqual([1, { code: 1, msg: "cannot convert: no valid IP addresses" }]);
    expect(undone).toBe(1);
    expect(reply.stderr).toContain("could not take back: stuck\n");
  });
});
