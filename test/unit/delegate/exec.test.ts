import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { exec } from "../../../src/delegate/exec.ts";
import { executables } from "../../support/executables.ts";
import { refusal, refusalOf } from "../../support/refusal.ts";

const ENV = new Map([
  ["PATH", "/usr/bin:/bin"],
  ["CNI_COMMAND", "DEL"],
]);

test("exec() hands over environment and stdin and takes both outputs", () => {
  using path = executables();
  const file = path.script("p", 'cat; echo "$CNI_COMMAND" >&2');
  const stdin = `{"name": "ü\\u0000", "x": "${"y".repeat(200_000)}"}`;
  expect(exec(file, ENV, stdin)).toEqual({ stdout: stdin, stderr: "DEL\n" });
});

test("exec() throws the plugin's own error unchanged", () => {
  using path = executables();
  const file = path.script("p", `echo '{"code": 101, "msg": "m", "details": "d", "cniVersion": "1.0.0"}'; exit 3`);
  const { code, message, details } = refusal(() => exec(file, ENV, ""));
  expect([code, message, details]).toEqual([101, "m", "d"]);
});

test.each([
  ["exit 2", "netplugin failed with no error message: exit status 2"],
  ["kill -9 $$", "netplugin failed with no error message: signal: killed"],
  ['echo "a \\"b\\"" >&2; exit 1', 'netplugin failed: "a \\"b\\"\\n": exit status 1'],
])("exec() of a plugin that does `%s`", (script, message) => {
  using path = executables();
  expect(refusalOf(() => exec(path.script("p", script), ENV, ""))).toEqual([999, message]);
});

test("exec() quotes what is no JSON", () => {
  using path = executables();
  const file = path.script("p", "echo oops; exit 1");
  expect(refusalOf(() => exec(file, ENV, ""))[1]).toStartWith(
    'netplugin failed but error parsing its diagnostic message "oops\\n": ',
  );
});

test("exec() says why a plugin could not be started", () => {
  using path = executables();
  const file = path.script("p", "");
  chmodSync(file, 0o644);
  expect(refusalOf(() => exec(file, ENV, ""))[1]).toStartWith(
    `netplugin failed with no error message: fork/exec ${file}: `,
  );
});
