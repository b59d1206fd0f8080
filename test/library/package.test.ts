/** The package as `npm pack` makes it, in a project of its own, on Node and on Bun. */
import { afterAll, describe, expect } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as project from "../../package.json";
import { attempt, sh } from "../support/command.ts";
import { openLab } from "../support/lab.ts";
import { BIN, built, namespaces, needs } from "../support/needs.ts";
import { library } from "./recordings.ts";

const ROOT = join(import.meta.dir, "../..");
const EXAMPLE = readFileSync(join(import.meta.dir, "example.ts"), "utf8");
const SERVICES = readFileSync(join(import.meta.dir, "service-example.ts"), "utf8");

/** What a program begins with that is to be wrong in its last line. */
const HEAD = `
  import { addNetworkList, gcNetworkList, getStatus, loadNetworkList } from "${project.name}/cni";
  const list = await loadNetworkList({ name: "n" });
  const result = await addNetworkList(list, { containerId: "c", netns: "/n", ifname: "e" });
  export { gcNetworkList, getStatus, result };
  export const old = (result.cniVersion === "0.2.0" && result.ip4?.ip) || undefined;
`;

/** [line, the code of tsc's error] */
const WRONG = [
  [`import { addNetwork } from "${project.name}/cni"; addNetwork();`, "TS2305"],
  [`import { listOfText } from "${project.name}/invoke/list"; listOfText("");`, "TS2307"],
  ["await addNetworkList(list, { containerId: 'c', netns: '/n' });", "TS2741"],
  ["if (result.cniVersion === '0.2.0') console.log(result.ips);", "TS2339"],
  ["await gcNetworkList(list);", "TS2554"],
  ["await getStatus(list, { path: 7 });", "TS2322"],
] as const;

const projects: string[] = [];
afterAll(() => {
  for (const directory of projects) rmSync(directory, { recursive: true });
});

/** A project that has the tarball, unpacked as npm does. */
function installed(): string {
  const directory = mkdtempSync(join(tmpdir(), "berth-package-"));
  projects.push(directory);
  const modules = join(directory, "node_modules", project.name);
  mkdirSync(modules, { recursive: true });
  // The library is built already; packing builds it otherwise.
  const packed = sh(undefined, "npm", "pack", ROOT, "--json", "--ignore-scripts", "--pack-destination", directory);
  const [{ filename, files }] = JSON.parse(packed);
  const names: string[] = files.map(({ path }: { path: string }) => path);
  expect(names.filter((name) => !/^(dist\/lib\/|package\.json$|README\.md$|LICENSE$)/.test(name))).toEqual([]);
  sh(undefined, "tar", "-xzf", join(directory, filename), "-C", modules, "--strip-components=1");
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  mkdirSync(join(directory, "node_modules/@types"));
  for (const types of ["node", "bun"]) {
    symlinkSync(join(ROOT, "node_modules/@types", types), join(directory, "node_modules/@types", types));
  }
  return directory;
}

/** The errors of programs, as tsc says them: "wrong-0.ts(6,1): error TS2305: …". */
function errorsOf(directory: string, module: string, programs: Record<string, string>): string[] {
  for (const [name, source] of Object.entries(programs)) writeFileSync(join(directory, name), source);
  const options = [
    "--ignoreConfig",
    "--strict",
    "--noEmit",
    "--target",
    "es2022",
    "--module",
    module,
    "--types",
    "node",
  ];
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const { stdout } = attempt(undefined, "env", "-C", directory, tsc, ...options, ...Object.keys(programs));
  return stdout.split("\n").filter((line) => /^\S.*error TS/.test(line));
}

describe("the packed library", () => {
  needs(library)("has types that resolve, and wrong use does not compile", () => {
    const directory = installed();
    const wrong = WRONG.map(([line], i) => [`wrong-${i}.ts`, HEAD + line] as const);
    const errors = errorsOf(directory, "nodenext", { "right.ts": HEAD, ...Object.fromEntries(wrong) });
    expect(errors.map((line) => line.replace(/\(.*error (TS\d+).*/, " $1")).sort()).toEqual(
      WRONG.map(([, code], i) => `wrong-${i}.ts ${code}`),
    );
    expect(errorsOf(directory, "preserve", { "example.ts": EXAMPLE, "service.ts": SERVICES })).toEqual([]);
  });

  needs(
    library,
    built,
    namespaces,
  )("joins a container to a bridge in ten lines, on Node and on Bun", () => {
    const directory = installed();
    using lab = openLab();
    writeFileSync(join(directory, "example.mjs"), EXAMPLE.replace("/run/netns/c1", `/run/netns/${lab.container()}`));
    for (const runtime of ["node", process.execPath]) {
      // What the example leaves in /var/lib/cni is to be seen by nobody else.
      const program = `mount -t tmpfs none /var/lib && CNI_PATH=${BIN} ${runtime} ${directory}/example.mjs && ls -R /var/lib/cni`;
      const { status, stdout, stderr } = lab.attempt(lab.host, "unshare", "--mount", "sh", "-c", program);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toStartWith("10.9.0.2/24\n");
      expect(stdout).not.toContain("lab-c1-eth0");
      expect(lab.ports("lab0")).toEqual([]);
    }
    const lines = EXAMPLE.split("\n").filter((line) => line !== "");
    expect(lines.length).toBeLessThanOrEqual(10);
  });
});
