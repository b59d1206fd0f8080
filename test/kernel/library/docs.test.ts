/** Each example of docs/netlink.md is run by Bun, as a program of its own, and prints what the page says. */
import { expect } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inLab } from "../../support/lab.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { NEEDS } from "../rtnl/links.ts";

const ROOT = join(import.meta.dir, "../../..");
const page = readFileSync(join(ROOT, "docs/netlink.md"), "utf8");
const examples = [...page.matchAll(/^## (.*)\n(?:(?!^##|```)[\s\S])*```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/gm)];

const needsAll = needs(...NEEDS, namespaces, nftables);

needsAll("docs/netlink.md has its examples", () => {
  expect(examples).toHaveLength(page.split("```ts").length - 1);
  expect(examples.length).toBeGreaterThan(2);
});

needsAll.each(examples.map(([, title = "", code = "", prints = ""]) => [title, code, prints] as const))(
  "docs/netlink.md: %s",
  async (_, code, prints) => {
    await inLab((lab) => {
      const ns = lab.container();
      const home = join(lab.dir, "node_modules/berth");
      mkdirSync(home, { recursive: true });
      symlinkSync(join(ROOT, "src"), join(home, "src"));
      const exports = { "./netlink": "./src/library/bun/netlink.ts" };
      writeFileSync(join(home, "package.json"), JSON.stringify({ name: "berth", type: "module", exports }));
      const program = join(lab.dir, "example.ts");
      writeFileSync(program, code.replaceAll('netns: "c1"', `netns: "${ns}"`));
      const printed = lab.sh(lab.host, process.execPath, program);
      expect(printed).toBe(prints);
    })();
  },
);
