/** `berth completion bash`, as bash itself completes by it. */
import { expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIN, built, can, needs } from "../../support/needs.ts";

const conf = mkdtempSync(join(tmpdir(), "berth-complete-"));
process.on("exit", () => rmSync(conf, { recursive: true }));
for (const name of ["mynet", "my$(touch hacked)", "other"]) {
  writeFileSync(join(conf, `${name.length}-${name}.conflist`), JSON.stringify({ name, plugins: [{ type: "bridge" }] }));
}

/** What bash would offer after these words, the last of which is begun. */
function offered(...words: string[]): string[] {
  const program = `
    source <(berth completion bash)
    complete -p berth >&2
    COMP_WORDS=(berth "$@") COMP_CWORD=$#
    _berth
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = Bun.spawnSync(["bash", "-c", program, "bash", ...words], {
    env: { PATH: `${BIN}:${process.env.PATH}`, NETCONFPATH: conf },
    cwd: conf,
  });
  expect(stderr.toString()).toBe("complete -o bashdefault -o default -F _berth berth\n");
  return stdout.toString().split("\n").filter(Boolean);
}

needs(built, can("bash", "bash", "-c", "true"))("bash completes commands, options, their values and networks", () => {
  expect(offered("")).toEqual(expect.arrayContaining(["completion", "help", "install", "log", "repair", "schema"]));
  expect(offered("sch")).toEqual(["schema"]);
  expect(offered("help", "sch")).toEqual(["schema"]);
  expect(offered("install", "--un")).toEqual(["--uninstall"]);
  expect(offered("install", "-o", "")).toEqual(["json", "table"]);
  expect(offered("install", "--dir", "")).toEqual([]);
  expect(offered("schema", "--dir", "x", "p")).toEqual(["portmap", "ptp"]);
  expect(offered("log", "--network", "m")).toEqual(["my$(touch hacked)", "mynet"]);
  expect(offered("repair", "o")).toEqual(["other"]);
  expect(offered("nothing", "")).toEqual([]);
});
