/** What a build leaves in dist/bin. */
import { expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCRIPT = join(import.meta.dir, "../../../scripts/install.mjs");

/** Node runs it, as the build does. */
function install(text: string, directory: string, plugins: readonly string[]): void {
  const values = [SCRIPT, text, directory, plugins].map((value) => JSON.stringify(value));
  const script = `const [path, text, ...rest] = [${values}]; (await import(path)).install(Buffer.from(text), ...rest);`;
  const { exitCode, stderr } = Bun.spawnSync(["node", "--input-type=module", "--eval", script]);
  if (exitCode !== 0) throw new Error(stderr.toString());
}

test("install() leaves exactly what the build makes, whatever was there", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-install-"));
  try {
    const plugins = ["bridge", "host-local"];
    install("one", directory, plugins);
    const first = lstatSync(join(directory, "berth")).ino;
    symlinkSync("berth", join(directory, "no-more"));
    writeFileSync(join(directory, "host-device"), "an older plugin");
    mkdirSync(join(directory, "old/er"), { recursive: true });
    rmSync(join(directory, "bridge"));
    writeFileSync(join(directory, "bridge"), "a copy");
    rmSync(join(directory, "host-local"));
    symlinkSync("nothing-there", join(directory, "host-local"));
    install("one", directory, plugins);
    expect(readdirSync(directory).sort()).toEqual(["berth", ...plugins]);
    expect(plugins.map((name) => readlinkSync(join(directory, name)))).toEqual(["berth", "berth"]);
    expect(lstatSync(join(directory, "berth")).ino).toBe(first);
    install("two", directory, ["bridge"]);
    expect(readdirSync(directory).sort()).toEqual(["berth", "bridge"]);
    expect(readFileSync(join(directory, "bridge"), "utf8")).toBe("two");
    expect(lstatSync(join(directory, "berth")).mode & 0o777).toBe(0o755);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
