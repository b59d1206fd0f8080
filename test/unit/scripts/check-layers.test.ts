import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
    'import { b } from "../loopback/b.ts";',
    "plugins/loopback/b.ts",
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
        'import { o } from "../../rtnl/objects.ts";\nimport { x } from "./b.ts";\nexport const a = o + x;\n',
      "src/plugins/bridge/b.ts": 'import * as v from "valibot";\nexport const x = v;\n',
      "src/rtnl/objects.ts": 'import { s } from "../netlink/s.ts";\nexport const o = s;\n',
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
    /does not exist[\s\S]*only src\/sys\/bun, src\/service\/bun and src\/library may import node:fs[\s\S]*import "#sys" instead/,
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
    "src/plugins/unheard-of/plugin.ts": EMPTY,
    "src/stray.ts": EMPTY,
  });
  const { offences, notes } = checkLayers(root);
  expect(offences.map((line) => line.split(":")[0]).sort()).toEqual([
    "src/base/index.ts",
    "src/base/long.ts",
    "src/base/utils/a.ts",
    "src/misc/a.ts",
    "src/plugins/unheard-of/plugin.ts",
    "src/stray.ts",
    "src/wire/util.ts",
  ]);
  expect(notes).toEqual(["src/base/grown.ts: 251 lines, more than 250"]);
});

test("checkLayers() finds long programs in test, scripts and runtime/src, and looks at nothing else there", () => {
  const long = "//\n".repeat(301);
  const { offences, notes, files } = checkLayers(
    tree({
      "src/base/a.ts": EMPTY,
      "test/unit/a.test.ts": long,
      "test/unit/b.test.ts": "//\n".repeat(251),
      "test/wire/a.hex": long,
      "test/utils/index.ts": 'import { readFileSync } from "node:fs";\n',
      "scripts/a.mjs": long,
      "runtime/src/sys/a.rs": long,
      "runtime/target/a.rs": long,
    }),
  );
  expect(offences).toEqual(
    ["test/unit/a.test.ts", "scripts/a.mjs", "runtime/src/sys/a.rs"].map(
      (file) => `${file}: 301 lines, 300 are allowed`,
    ),
  );
  expect([notes, files]).toEqual([["test/unit/b.test.ts: 251 lines, more than 250"], 1]);
});

test("checkLayers() finds folders that import each other, though no files do", () => {
  const found = offences({
    "src/tool/a.ts": 'import { b } from "../service/b.ts";\n',
    "src/service/b.ts": EMPTY,
    "src/service/c.ts": 'import { d } from "../tool/d.ts";\n',
    "src/tool/d.ts": EMPTY,
  });
  expect(found).toContain("src/service: folders in a cycle: service -> tool -> service");
});

const script = join(import.meta.dir, "../../../scripts/check-layers.ts");
const run = (...args: string[]) => Bun.spawnSync([process.execPath, script, ...args]);

/** docs/architecture.md with an empty place for the table. */
const PAGE = "# x\n\n<!-- layers -->\n<!-- end of layers -->\n\nend\n";

test("scripts/check-layers.ts exits 1 on an offence, 0 without, and ends with the count", () => {
  const good = tree({ "src/base/a.ts": EMPTY, "docs/architecture.md": PAGE });
  run("--picture", good);
  const bad = run(tree({ "src/base/a.ts": 'import "../wire/b.ts";\n', "src/wire/b.ts": EMPTY }));
  expect([bad.exitCode, run(good).exitCode]).toEqual([1, 0]);
  expect(bad.stdout.toString()).toEndWith("layers: 2 files, 1 imports, 1 offences\n");
});

test("scripts/check-layers.ts asks for the picture and the table, writes them with --picture, and sees what is old", () => {
  const root = tree({ "src/base/a.ts": EMPTY, "docs/architecture.md": PAGE });
  const said = () => run(root).stdout.toString();
  const both = [
    /^docs\/architecture.svg: not what src\/ imports now: npm run layers -- --picture$/m,
    /^docs\/architecture.md: /m,
  ];
  for (const line of both) expect(said()).toMatch(line);
  expect(run("--picture", root).exitCode).toBe(0);
  expect(said()).toBe("layers: 1 files, 0 imports, 0 offences\n");
  expect(readFileSync(join(root, "docs/architecture.md"), "utf8")).toMatch(
    /^# x\n[\s\S]*\n\| `base\/`[\s\S]*\n\nend\n$/,
  );
  mkdirSync(join(root, "src/wire"));
  writeFileSync(join(root, "src/wire/b.ts"), 'import { x } from "../base/a.ts";\n');
  for (const line of both) expect(said()).toMatch(line);
});

test("scripts/check-layers.ts writes no picture of a tree with offences", () => {
  const root = tree({ "src/misc/a.ts": EMPTY, "docs/architecture.md": PAGE });
  expect(run("--picture", root).exitCode).toBe(1);
  expect(readdirSync(join(root, "docs"))).toEqual(["architecture.md"]);
});

test("src/ obeys the table, and the picture and the table in docs/ show it", () => {
  expect(run(join(import.meta.dir, "../../..")).stdout.toString()).toMatch(/^layers: .*, 0 offences$/m);
});

test("refuses the engine's random numbers in code, not in a comment", () => {
  const found = offences({
    "src/base/a.ts": "export const x = Math.random();\n",
    "src/base/b.ts": "/** Not Math.random. */\nexport const x = 1;\n",
  });
  expect(found).toEqual([expect.stringContaining("src/base/a.ts: Math.random")]);
});
