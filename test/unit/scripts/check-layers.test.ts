import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkLayers } from "../../../scripts/check-layers.ts";

const trees: string[] = [];

afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true });
});

function tree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "berth-layers-"));
  trees.push(root);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

const offences = (files: Record<string, string>): string[] => checkLayers(tree(files)).offences;

const EMPTY = "export const x = 1;\n";

/** [what, offending import as written in `from`, its file, the file it names, the reason given] */
const FORBIDDEN = [
  ["a pure layer that imports sys", "wire/a.ts", 'import { open } from "#sys";', "sys/quickjs/sys.ts", "wire may not"],
  ["an import upwards", "base/a.ts", 'import type { A } from "../spec/b.ts";', "spec/b.ts", "base may not import spec"],
  ["siblings", "rtnl/a.ts", 'export * from "../nft/b.ts";', "nft/b.ts", "rtnl may not import nft"],
  [
    "an import over lines",
    "ct/a.ts",
    'import {\n  x,\n  y,\n} from "../host/b.ts";',
    "host/b.ts",
    "ct may not import host",
  ],
  ["an import in a type", "base/a.ts", 'type A = import("../wire/b.ts").A;', "wire/b.ts", "base may not import wire"],
  ["an import for effect", "base/a.ts", 'import "../wire/b.ts";', "wire/b.ts", "base may not import wire"],
  ["a require", "base/a.ts", 'const b = require("../wire/b.ts");', "wire/b.ts", "base may not import wire"],
  [
    "IPAM over netlink",
    "plugins/host-local/a.ts",
    'import { h } from "../../host/b.ts";',
    "host/b.ts",
    "plugins/host-local",
  ],
  [
    "plugins that share",
    "plugins/bridge/a.ts",
    'import { b } from "../tuning.ts";',
    "plugins/tuning.ts",
    "the plugin bridge",
  ],
  [
    "a plugin that runs nft",
    "plugins/bridge/a.ts",
    'import { c } from "../../nft/client.ts";',
    "nft/client.ts",
    "may not import nft",
  ],
  [
    "the tool above skel",
    "tool/a.ts",
    'import { run } from "../skel/run.ts";',
    "skel/run.ts",
    "tool may not import skel",
  ],
  ["skel that knows cli", "skel/a.ts", 'import { x } from "../cli.ts";', "cli.ts", "skel may not import cli.ts"],
] as const;

for (const [what, from, code, to, why] of FORBIDDEN) {
  test(`checkLayers() finds ${what}`, () => {
    const found = offences({ [`src/${from}`]: `${code}\n`, [`src/${to}`]: EMPTY });
    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith(`src/${from}: `);
    expect(found[0]).toContain(why);
  });
}

test("checkLayers() keeps zod and the schemas that use it out of what plugins load", () => {
  const found = offences({
    "src/plugins/bridge/schema.ts": 'import * as z from "zod";\nimport { keys } from "../../spec/schema.ts";\n',
    "src/spec/schema.ts": 'import { z } from "zod";\nexport const keys = z;\n',
    "src/tool/doctor.ts": 'import "zod/mini";\nimport "../plugins/bridge/schema.ts";\n',
    "src/service/schema/a.ts": 'import "zod";\n',
    "src/plugins/bridge/config.ts": 'import type { keys } from "./schema.ts";\n',
    "src/spec/config.ts": 'import { keys } from "./schema.ts";\n',
    "src/spec/decode.ts": 'import * as z from "zod/mini";\n',
    "src/main.ts": 'import { z } from "zod";\n',
  });
  expect(found.sort()).toEqual([
    "src/main.ts: only schema.ts, tool, service and library may import zod",
    "src/plugins/bridge/config.ts: only tests and the tool may import src/plugins/bridge/schema.ts",
    "src/spec/config.ts: only tests and the tool may import src/spec/schema.ts",
    "src/spec/decode.ts: only schema.ts, tool, service and library may import zod/mini",
  ]);
});

test("checkLayers() lets pass what the table allows", () => {
  const found = checkLayers(
    tree({
      "src/main.ts": 'import { x } from "./cli.ts";\n',
      "src/cli.ts": 'import { a } from "./plugins/bridge/a.ts";\nexport const x = a;\n',
      "src/plugins/bridge/a.ts":
        'import { o } from "../../nft/objects.ts";\nimport { x } from "./b.ts";\nexport const a = o + x;\n',
      "src/plugins/bridge/b.ts": 'import * as v from "valibot";\nexport const x = v;\n',
      "src/nft/objects.ts": 'import { s } from "../netlink/s.ts";\nexport const o = s;\n',
      "src/netlink/s.ts": 'import { send } from "#sys";\nexport const s = send;\n',
      "src/sys/bun/sys.ts": 'import { ptr } from "bun:ffi";\nexport const send = ptr;\n',
      "src/sys/quickjs/sys.ts": 'export { send } from "berth:sys";\n',
      "src/base/a.ts": '// import { x } from "../cli.ts"\nconst text = "a";\n/* import "../cli.ts" */\n',
    }),
  );
  expect(found.offences).toEqual([]);
  expect(found).toMatchObject({ files: 9, edges: 10 }); // "#sys" leads to both hosts
});

test("checkLayers() finds a cycle, of types too, once", () => {
  const found = offences({
    "src/base/a.ts": 'import { b } from "./b.ts";\n',
    "src/base/b.ts": 'import type { C } from "./c.ts";\n',
    "src/base/c.ts": 'export { a } from "./a.ts";\n',
  });
  expect(found).toEqual([
    "src/base/a.ts: import cycle src/base/a.ts -> src/base/b.ts -> src/base/c.ts -> src/base/a.ts",
  ]);
});

test("checkLayers() finds a missing file, a host's module and a foreign sys", () => {
  const found = offences({
    "src/base/a.ts": 'import { b } from "./b";\nimport { readFileSync } from "node:fs";\n',
    "src/host/a.ts": 'import { open } from "berth:sys";\n',
  });
  expect(found).toHaveLength(3);
  expect(found.join("\n")).toMatch(
    /does not exist[\s\S]*only src\/sys\/bun may import node:fs[\s\S]*import "#sys" instead/,
  );
});

test("checkLayers() finds long files, index.ts, utils and unknown folders, and notes files that grow", () => {
  const root = tree({
    "src/base/long.ts": "//\n".repeat(301),
    "src/base/grown.ts": "//\n".repeat(251),
    "src/base/index.ts": EMPTY,
    "src/base/utils/a.ts": EMPTY,
    "src/wire/util.ts": EMPTY,
    "src/misc/a.ts": EMPTY,
    "src/stray.ts": EMPTY,
  });
  const { offences, notes } = checkLayers(root);
  expect(offences.map((line) => line.split(":")[0]).sort()).toEqual([
    "src/base/index.ts",
    "src/base/long.ts",
    "src/base/utils/a.ts",
    "src/misc/a.ts",
    "src/stray.ts",
    "src/wire/util.ts",
  ]);
  expect(notes).toEqual(["src/base/grown.ts: 251 lines, more than 250"]);
});

test("scripts/check-layers.ts exits 1 on an offence, 0 without, and ends with the count", () => {
  const script = join(import.meta.dir, "../../../scripts/check-layers.ts");
  const run = (root: string) => Bun.spawnSync([process.execPath, script, root]);
  const bad = run(tree({ "src/base/a.ts": 'import "../wire/b.ts";\n', "src/wire/b.ts": EMPTY }));
  const good = run(tree({ "src/base/a.ts": EMPTY }));
  expect([bad.exitCode, good.exitCode]).toEqual([1, 0]);
  expect(bad.stdout.toString()).toEndWith("layers: 2 files, 1 imports, 1 offences\n");
});

test("src/ obeys the table", () => {
  expect(checkLayers(join(import.meta.dir, "../../..")).offences).toEqual([]);
});

test("refuses the engine's random numbers in code, not in a comment", () => {
  const found = offences({
    "src/base/a.ts": "export const x = Math.random();\n",
    "src/base/b.ts": "/** Not Math.random. */\nexport const x = 1;\n",
  });
  expect(found).toEqual([expect.stringContaining("src/base/a.ts: Math.random")]);
});
