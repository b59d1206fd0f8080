/** What run() makes of errors. */
import { describe, expect, test } from "bun:test";
import { Explained } from "../../../src/base/explained.ts";
import { CniError } from "../../../src/spec/errors.ts";
import { callEnv, fakePlugin } from "../../support/plugin-fake.ts";

import { call, conf } from "./call.ts";

describe("run() turns what a handler throws into error JSON", () => {
  const failing = (error: unknown) => {
    const DEL = () => {
      throw error;
    };
    return call(fakePlugin({ DEL }), callEnv("DEL"));
  };

  test("a CniError as it is, indented by four spaces without a newline", () => {
    const { code, stdout } = failing(new CniError(11, "try later", "held by pid 5"));
    expect([code, stdout]).toEqual([
      1,
      '{\n    "code": 11,\n    "msg": "try later",\n    "details": "held by pid 5"\n}',
    ]);
  });

  test("a CniError that another error wraps", () => {
    const error = new Error("outer", { cause: new CniError(7, "inner") });
    expect(failing(error).json).toEqual({ code: 7, msg: "inner" });
  });

  test("a failed call with the messages of its causes, each once", () => {
    const cause = Object.assign(new Error("open /x: permission denied"), { errno: 13 });
    expect(failing(new Error("cannot start", { cause })).json).toEqual({
      code: 999,
      msg: "cannot start: open /x: permission denied",
    });
    const repeated = new Error("cannot start: open /x: permission denied", { cause });
    expect(failing(repeated).json.msg).toBe("cannot start: open /x: permission denied");
  });

  test("an explained failure with its explanation, whatever the cause", () => {
    const cause = Object.assign(new Error("open /x: ENOENT"), { errno: 2 });
    const { json } = failing(new Explained("failed to open netns", "has the container ended?", cause));
    expect(json).toEqual({ code: 999, msg: "failed to open netns", details: "has the container ended?" });
  });

  test("a signal, whatever it made fail", () => {
    const signal = Object.assign(new Error("signal"), { signal: "SIGTERM" });
    for (const error of [signal, new CniError(5, "cannot read", "", signal)]) {
      expect(failing(error).json).toMatchObject({ code: 999, msg: "interrupted by SIGTERM" });
    }
  });

  test("a defect with where it happened", () => {
    const { json } = failing(new TypeError("x is not a function"));
    expect([json.code, json.msg]).toEqual([999, "x is not a function"]);
    expect(json.details).toContain("run-failures.test.ts");
  });

  test.each(["text", undefined, 5])("even %p", (thrown) => {
    expect(failing(thrown).json).toMatchObject({ code: 999, msg: String(thrown) });
  });
});

describe("run() when something is too large", () => {
  class InternalError extends Error {
    override readonly name = "InternalError";
  }
  const failing = (thrown: unknown) =>
    call(
      fakePlugin({
        ADD() {
          throw thrown;
        },
      }),
      callEnv("ADD"),
    ).json;

  test.each([
    ["null, where not even an error had room", null],
    ["an error of the engine", new InternalError("out of memory in regexp execution")],
    ["an error of ours with that as its cause", new CniError(6, "stdin is not JSON", "", null)],
  ])("says out of memory for %s", (_, thrown) => {
    const { code, msg, details } = failing(thrown);
    expect([code, msg]).toEqual([999, "out of memory"]);
    expect(details).toContain(`${conf().length} characters`);
  });

  test("says how much is read where stdin has more", () => {
    const tooMuch = () => {
      throw Object.assign(new Error("read: EFBIG (file too large)"), { errno: 27 });
    };
    expect(call(fakePlugin(), callEnv("ADD"), tooMuch).json).toMatchObject({
      code: 5,
      details: expect.stringContaining("16 MiB"),
    });
  });

  test("cuts what quotes more than anybody reads", () => {
    const { msg, details } = failing(new CniError(7, "m".repeat(100_000), "d".repeat(65_536)));
    expect([msg.length, msg.endsWith("m…"), details]).toEqual([65_537, true, "d".repeat(65_536)]);
  });
});
