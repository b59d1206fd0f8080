import { describe, expect, test } from "bun:test";
import { assertIfname, readEnv, type Variable } from "../../../src/spec/env.ts";
import { refusal, refusalOf } from "../../support/refusal.ts";

const NEEDS: Variable[] = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"];
const GOOD = {
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/a",
  CNI_IFNAME: "eth0",
  CNI_PATH: "/opt/cni/bin:/usr/lib/cni",
};
const env = (over: Record<string, string> = {}) => new Map(Object.entries({ ...GOOD, ...over }));

describe("readEnv()", () => {
  test("reads the variables", () => {
    const read = readEnv(env({ CNI_ARGS: "K=V", HOME: "/root" }), NEEDS);
    expect(read).toMatchObject({
      command: "ADD",
      containerId: "c1",
      netns: "/run/netns/a",
      ifname: "eth0",
      args: "K=V",
    });
    expect(read.path).toEqual(["/opt/cni/bin", "/usr/lib/cni"]);
    expect(read.variables.get("HOME")).toBe("/root");
  });

  test("names all missing variables in order, an empty one included", () => {
    const missing = () =>
      readEnv(
        new Map([
          ["CNI_COMMAND", "ADD"],
          ["CNI_NETNS", ""],
        ]),
        NEEDS,
      );
    const message = "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing";
    expect(refusalOf(missing)).toEqual([4, message]);
  });

  test("tells of an invalid variable before missing ones", () => {
    const error = refusal(() =>
      readEnv(
        new Map([
          ["CNI_COMMAND", "ADD"],
          ["CNI_IFNAME", "a/b"],
        ]),
        NEEDS,
      ),
    );
    expect(error.message).toBe("interface name contains / or : or whitespace characters");
  });

  test("does not look at variables that the command does not need", () => {
    const variables = env({ CNI_IFNAME: "much too long a name", CNI_CONTAINERID: "../x" });
    expect(readEnv(variables, ["CNI_PATH"]).ifname).toBe("much too long a name");
  });

  test.each(["../../etc/passwd", "-a", ".a", "a b", "a\n", "é", "a/b"])("refuses the container ID %p", (id) => {
    const error = refusal(() => readEnv(env({ CNI_CONTAINERID: id }), NEEDS));
    expect([error.code, error.message, error.details]).toEqual([4, "invalid characters in containerID", id]);
  });

  test.each(["a", "0", "A_b.c-d", "f".repeat(1024)])("takes the container ID %p", (id) => {
    expect(readEnv(env({ CNI_CONTAINERID: id }), NEEDS).containerId).toBe(id);
  });

  test("leaves empty directories out of the path", () => {
    expect(readEnv(env({ CNI_PATH: ":/a::/b:" }), NEEDS).path).toEqual(["/a", "/b"]);
  });

  test.each([
    ["1", true],
    ["true", true],
    ["True", true],
    ["0", false],
    ["yes", false],
    ["", false],
  ])("reads CNI_NETNS_OVERRIDE=%p as %p", (value, override) => {
    expect(readEnv(env({ CNI_NETNS_OVERRIDE: value }), NEEDS).netnsOverride).toBe(override);
  });
});

describe("assertIfname()", () => {
  test("refuses names that are too long in bytes", () => {
    const error = refusal(() => assertIfname("éééééééé"));
    expect(error.text).toBe("interface name is too long; interface name should be less than 16 characters");
    assertIfname("abcdefghijklmno");
  });

  test.each([".", ".."])("refuses %p", (name) => {
    expect(refusalOf(() => assertIfname(name))).toEqual([4, "interface name is . or .."]);
  });

  test("refuses an empty name", () => {
    expect(refusalOf(() => assertIfname(""))).toEqual([4, "interface name is empty"]);
  });

  test.each(["a/b", "a:b", "a b", "a\tb", "a\u0085b", "a\u3000b", "a\n"])("refuses %p for its characters", (name) => {
    const { code, text } = refusal(() => assertIfname(name));
    expect([code, text]).toEqual([4, "interface name contains / or : or whitespace characters"]);
  });

  test("takes U+FEFF, which Go does not count as space", () => {
    expect(() => assertIfname("a\ufeffb")).not.toThrow();
  });
});
